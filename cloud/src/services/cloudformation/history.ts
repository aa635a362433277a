import type { ResourceStatus, StackStatus } from "@aws-sdk/client-cloudformation";
import type { ParameterValues } from "../../deploy/parameters.ts";
import type { CloudFormationState, EventRecord, ResourceRecord, StackRecord } from "./state.ts";

const MASK = "****";

/** Writes what happens to a stack: statuses and the events that tell of them, together. */
export class History {
  constructor(private readonly state: CloudFormationState) {}

  /** Gives a stack a status and tells it. */
  stack(stack: StackRecord, status: StackStatus, reason?: string): void {
    stack.status = status;
    if (reason === undefined) delete stack.statusReason;
    else stack.statusReason = reason;
    this.state.kernel.store.transaction(() => {
      this.state.stacks.put([stack.stackId], stack);
      this.#put(stack, {
        id: this.state.kernel.random.uuid(),
        logicalId: stack.stackName,
        physicalId: stack.stackId,
        type: "AWS::CloudFormation::Stack",
        status: status as ResourceStatus,
        ...(reason === undefined ? {} : { reason }),
      });
    });
  }

  /** Keeps a resource's record and tells its status. */
  resource(stack: StackRecord, record: ResourceRecord): void {
    this.state.kernel.store.transaction(() => {
      this.state.putResource(stack.stackId, record);
      this.tell(stack, record);
    });
  }

  /** Tells a resource's status without keeping a record (a leftover on its way out). */
  tell(
    stack: StackRecord,
    resource: Pick<ResourceRecord, "logicalId" | "physicalId" | "type" | "status" | "statusReason" | "properties">,
  ): void {
    const { logicalId, status, statusReason } = resource;
    this.#put(stack, {
      id: `${logicalId}-${status}-${this.state.kernel.clock.date().toISOString()}`,
      logicalId,
      physicalId: resource.physicalId ?? "",
      type: resource.type,
      status,
      ...(statusReason === undefined ? {} : { reason: statusReason }),
      propertiesText: JSON.stringify(masked(resource.properties, stack.definition?.parameters ?? {})),
    });
  }

  #put(stack: StackRecord, event: Omit<EventRecord, "atMs" | "token" | "operationId">): void {
    const { events, kernel } = this.state;
    const last = events.first({ prefix: [stack.stackId], reverse: true });
    const number = last ? (last[0][1] as number) + 1 : 0;
    const { token, id: operationId } = stack.operation ?? {};
    const record: EventRecord = {
      ...event,
      atMs: kernel.clock.now(),
      ...(token === undefined ? {} : { token }),
      ...(operationId === undefined ? {} : { operationId }),
    };
    events.put([stack.stackId, number], record);
    const { id: _, propertiesText: __, ...told } = record;
    this.state.announce({ stackId: stack.stackId, event: told });
  }
}

/** A value as it may be shown: what `NoEcho` parameters hold is masked in every text. */
export function masked<T>(value: T, ...given: readonly ParameterValues[]): T {
  const secrets = given
    .flatMap((parameters) => Object.values(parameters))
    .filter((parameter) => parameter.noEcho && parameter.value !== "")
    .map((parameter) => parameter.value);
  if (secrets.length === 0) return value;
  return JSON.parse(
    JSON.stringify(value, (_name, member: unknown) =>
      typeof member === "string" ? secrets.reduce((text, secret) => text.replaceAll(secret, MASK), member) : member,
    ),
  ) as T;
}
