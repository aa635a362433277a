import { parsePath } from "../../outbound/json-path.ts";
import { fillTemplate } from "../../outbound/template.ts";
import { pipeArn } from "./pipe.ts";
import type { PipeRecord } from "./state.ts";

const VARIABLE = /<(\$[^<>]*|aws\.pipes\.[a-z.-]+)>/g;
/** Fields of events that hold text which may be JSON. AWS: "Implicit body data parsing". */
const TEXT_FIELD = "body";

/**
 * What a template makes of an event; without a template its JSON.
 * AWS: "Amazon EventBridge Pipes input transformation".
 */
export function transform(
  template: string | undefined,
  event: unknown,
  pipe: PipeRecord,
  ingestionTime: string,
): string {
  if (template === undefined || template === "") return JSON.stringify(event);
  const read = withParsedBody(event);
  return fillTemplate(template, VARIABLE, (name) =>
    name.startsWith("$") ? (parsePath(name)?.(read) ?? "") : reserved(name, event, read, pipe, ingestionTime),
  );
}

function reserved(name: string, event: unknown, read: unknown, pipe: PipeRecord, ingestionTime: string): unknown {
  const { Source, Enrichment = "", Target } = pipe.settings;
  switch (name) {
    case "aws.pipes.pipe-arn":
      return pipeArn(pipe, pipe.name);
    case "aws.pipes.pipe-name":
      return pipe.name;
    case "aws.pipes.source-arn":
      return Source;
    case "aws.pipes.enrichment-arn":
      return Enrichment;
    case "aws.pipes.target-arn":
      return Target;
    case "aws.pipes.event.ingestion-time":
      return ingestionTime;
    case "aws.pipes.event":
      return event;
    case "aws.pipes.event.json":
      return read;
    default:
      return undefined;
  }
}

/** Reserved names that a template may not know. */
export function unknownVariable(template: string): string | undefined {
  const pipe = { name: "", account: "", region: "", settings: { Source: "", Target: "" } } as unknown as PipeRecord;
  return [...template.matchAll(VARIABLE)]
    .map((found) => found[1]!)
    .find((name) => (name.startsWith("$") ? !parsePath(name) : reserved(name, {}, {}, pipe, "") === undefined));
}

/** The event with what its text says, where that is JSON. */
export function withParsedBody(event: unknown): unknown {
  if (typeof event !== "object" || event === null || Array.isArray(event)) return event;
  const text = (event as Record<string, unknown>)[TEXT_FIELD];
  if (typeof text !== "string") return event;
  try {
    const body: unknown = JSON.parse(text);
    return typeof body === "object" && body !== null ? { ...event, [TEXT_FIELD]: body } : event;
  } catch {
    return event;
  }
}

/**
 * A parameter that is a text, or all of it a path into the event before any transformation.
 * AWS: "Dynamic path parameters".
 */
export function dynamic(parameter: string | undefined, event: unknown): string | undefined {
  if (parameter === undefined || !/^\$(\.|\[|$)/.test(parameter)) return parameter;
  const found = parsePath(parameter)?.(withParsedBody(event));
  return found === undefined ? undefined : typeof found === "string" ? found : JSON.stringify(found);
}
