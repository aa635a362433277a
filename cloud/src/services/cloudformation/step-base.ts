import type { SecretReader } from "../../deploy/dynamic-references.ts";
import { hasDynamicReference, resolveDynamicReferences } from "../../deploy/dynamic-references.ts";
import { stepToken } from "../../deploy/physical-name.ts";
import type { Properties, ResourceTag, ResourceType } from "../../deploy/resource.ts";
import type { ResourceTypes } from "../../deploy/resource-types.ts";
import type { Principal } from "../../iam/principal.ts";
import type { Span } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { reasonOf, StepFailure } from "./failure.ts";
import type { History } from "./history.ts";
import type { InFlight } from "./in-flight.ts";
import type { CloudFormationState, ResourceRecord, StackRecord } from "./state.ts";
import { stepContext, type OwnContext } from "./step-context.ts";

export interface StepsParts {
  readonly service: ServiceContext<CloudFormationState>;
  readonly types: ResourceTypes;
  readonly history: History;
  readonly stack: StackRecord;
  readonly principal: Principal;
  readonly span: Span;
  readonly signal: AbortSignal;
  readonly inFlight: InFlight;
  readonly formerTags: readonly ResourceTag[];
  readonly operationId: string;
  readonly secrets: SecretReader;
}

/** What every kind of step needs. */
export class StepBase {
  constructor(protected readonly parts: StepsParts) {}

  protected reason(error: unknown, action: string, record: ResourceRecord): string {
    return reasonOf(error, action, stepToken(record.seed), this.parts.service.kernel.random.uuid());
  }

  protected at(record: ResourceRecord): ResourceRecord {
    return { ...record, updatedMs: this.parts.service.kernel.clock.now() };
  }

  protected type(name: string): ResourceType {
    const type = this.parts.types.find(name);
    if (!type) throw new StepFailure(`Katachi does not emulate ${name}`);
    return type;
  }

  /** The properties with secrets and stored parameters in place of their references. */
  protected async revealed({ properties, type }: ResourceRecord): Promise<Properties> {
    if (!hasDynamicReference(properties)) return properties;
    return resolveDynamicReferences(properties, type, this.parts.secrets);
  }

  protected context(
    record: ResourceRecord,
    options: { resumed: boolean; journaled: boolean; onInitiated: (physicalId: string) => void },
  ): OwnContext {
    const { service, stack, principal, span, signal, inFlight, formerTags } = this.parts;
    return stepContext({
      service: service as ServiceContext,
      journal: service.state.journal,
      stack,
      principal,
      span,
      signal,
      inFlight,
      formerTags,
      logicalId: record.logicalId,
      type: record.type,
      creationPolicy: record.creationPolicy,
      seed: record.seed,
      initiatedId:
        record.step?.kind === "replace" && record.physicalId === record.former?.physicalId
          ? undefined
          : record.physicalId,
      ...options,
    });
  }
}
