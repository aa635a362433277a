import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { invokeApiDestination, mayInvoke } from "../../outbound/api-destination.ts";
import { invokeApi } from "../../outbound/api-gateway.ts";
import { invalidField } from "./errors.ts";
import { invokeFunction, runMachine, type Stage, StageFailure } from "./stage.ts";
import type { PipeSettings } from "./state.ts";
import { unknownVariable, withParsedBody } from "./template.ts";

interface Kind {
  readonly batchMax: number;
  /** The text of the answer. @throws AwsError, TargetFailure, RateLimited, StageFailure */
  enrich(stage: Stage): Promise<string>;
}

/** AWS: an enrichment's answer has 6 MB at most. */
const ANSWER_BYTES_MAX = 6 * 1024 * 1024;

const KINDS: Readonly<Record<string, Kind>> = {
  lambda: { batchMax: Infinity, enrich: (stage) => invokeFunction(stage, "RequestResponse") },
  states: { batchMax: Infinity, enrich: runMachine },
  "execute-api": {
    batchMax: 1,
    enrich: async ({ cx, pipe, arn, items, role }) => {
      const { text } = await invokeApi(cx.kernel, cx.endpoint(), {
        arn,
        parameters: pipe.settings.EnrichmentParameters?.HttpParameters ?? {},
        event: withParsedBody(items[0]!.event),
        input: items[0]!.text,
        credentials: role.credentials,
        userAgent: "Amazon/EventBridge/Pipes",
      });
      return text;
    },
  },
  "api-destination": {
    batchMax: 1,
    enrich: async ({ cx, pipe, arnText, items, role }) => {
      await mayInvoke(cx.call, role.principal, arnText);
      const { text } = await invokeApiDestination(cx.kernel, cx.endpoint(), {
        arn: arnText,
        parameters: pipe.settings.EnrichmentParameters?.HttpParameters ?? {},
        event: withParsedBody(items[0]!.event),
        input: items[0]!.text,
        hasSlot: false,
      });
      return text;
    },
  },
};

function findKind(arnText: string): Kind | undefined {
  const arn = findArn(arnText);
  if (!arn) return undefined;
  return KINDS[arn.service === "events" ? arn.resource.split("/")[0]! : arn.service];
}

/** @throws NotEmulatedError, AwsError ValidationException */
export function checkEnrichment({ Enrichment = "", EnrichmentParameters: parameters }: PipeSettings): void {
  if (!findKind(Enrichment)) throw new NotEmulatedError(`pipes with an enrichment by ${Enrichment}`);
  const strange = unknownVariable(parameters?.InputTemplate ?? "");
  if (strange !== undefined) throw invalidField("EnrichmentParameters.InputTemplate", `Invalid variable <${strange}>.`);
}

export function enrichmentBatchMax({ Enrichment }: PipeSettings): number {
  return Enrichment === undefined || Enrichment === "" ? Infinity : (findKind(Enrichment)?.batchMax ?? Infinity);
}

/**
 * Runs the enrichment and answers the events that go on.
 * AWS: "Filtering events using enrichment": an empty answer (`""`, `{}`, `[]`) lets nothing go on.
 */
export async function enrich(stage: Stage): Promise<unknown[]> {
  const text = await findKind(stage.arnText)!.enrich(stage);
  if (Buffer.byteLength(text) > ANSWER_BYTES_MAX) throw new StageFailure("The enrichment's answer exceeds 6 MB.");
  const answer = parse(text);
  if (Array.isArray(answer)) return answer;
  const isEmpty = answer === "" || answer === null || (typeof answer === "object" && Object.keys(answer).length === 0);
  return isEmpty ? [] : [answer];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
