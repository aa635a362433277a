import type { InputTransformer, Target } from "@aws-sdk/client-eventbridge";
import type { BridgeEvent } from "./event.ts";
import { parsePath } from "../../outbound/json-path.ts";
import { fillTemplate } from "../../outbound/template.ts";

/** What the predefined variables say beside the event. */
export interface Origin {
  readonly ruleArn: string;
  readonly ruleName: string;
  /** ISO 8601 */
  readonly ingestionTime: string;
}

/**
 * The text that a target gets for an event: the event, a constant, a part of the event, or a template filled with parts.
 * @param text the event as JSON
 */
export function inputOf(target: Target, event: BridgeEvent, text: string, origin: Origin): string {
  if (target.Input !== undefined) return target.Input;
  // AWS: a path that finds nothing gives an empty object.
  if (target.InputPath !== undefined) return JSON.stringify(parsePath(target.InputPath)!(event) ?? {});
  return target.InputTransformer ? fill(target.InputTransformer, event, origin) : text;
}

const VARIABLE = /<([\w.-]+)>/g;

/** Fills a template. AWS: "Amazon EventBridge input transformation": what the event does not have is an empty text. */
export function fill({ InputPathsMap = {}, InputTemplate = "" }: InputTransformer, event: BridgeEvent, origin: Origin) {
  return fillTemplate(InputTemplate, VARIABLE, (name) => {
    const path = Object.hasOwn(InputPathsMap, name) ? InputPathsMap[name] : undefined;
    return path === undefined ? predefined(name, event, origin) : (parsePath(path)!(event) ?? "");
  });
}

/** Undefined for a name that is no variable: it stays as it is. */
function predefined(name: string, event: BridgeEvent, origin: Origin): unknown {
  switch (name) {
    case "aws.events.rule-arn":
      return origin.ruleArn;
    case "aws.events.rule-name":
      return origin.ruleName;
    case "aws.events.event.ingestion-time":
      return origin.ingestionTime;
    case "aws.events.event.json":
      return event;
    case "aws.events.event": {
      const { detail: _, ...rest } = event;
      return rest;
    }
    default:
      return undefined;
  }
}

const PREDEFINED = new Set([
  "aws.events.rule-arn",
  "aws.events.rule-name",
  "aws.events.event.ingestion-time",
  "aws.events.event.json",
  "aws.events.event",
]);
const VARIABLES_MAX = 100;

/** What is wrong with what a target is to get, in AWS's words; undefined where nothing is. */
export function inputFault({ Id, Input, InputPath, InputTransformer: transformer }: Target): string | undefined {
  if ([Input, InputPath, transformer].filter((one) => one !== undefined).length > 1)
    return `Only one of Input, InputPath, or InputTransformer must be provided for target ${Id}.`;
  if (Input !== undefined && !isJson(Input)) return `JSON syntax error in input for target ${Id}.`;
  if (InputPath !== undefined && !parsePath(InputPath)) return `Invalid InputPath for target ${Id}.`;
  return transformer && transformerFault(Id!, transformer);
}

function transformerFault(
  id: string,
  { InputPathsMap = {}, InputTemplate = "" }: InputTransformer,
): string | undefined {
  const names = Object.keys(InputPathsMap);
  if (names.length > VARIABLES_MAX) return `Too many InputPathsMap entries for target ${id}.`;
  const reserved = names.find((name) => /^aws\./i.test(name));
  if (reserved !== undefined) return `InputPathsMap for target ${id} contains the reserved name ${reserved}.`;
  const broken = names.find((name) => !parsePath(InputPathsMap[name]!));
  if (broken !== undefined) return `Invalid InputPathsMap for target ${id}: ${InputPathsMap[broken]} is no JSON path.`;
  const unknown = [...InputTemplate.matchAll(VARIABLE)]
    .map((found) => found[1]!)
    .find((name) => !Object.hasOwn(InputPathsMap, name) && !PREDEFINED.has(name));
  if (unknown !== undefined) return `InputTemplate for target ${id} contains invalid placeholder ${unknown}.`;
  if (/^\s*[{[]/.test(InputTemplate) && !isJson(withSamples(InputTemplate)))
    return `Invalid InputTemplate for target ${id} : [It is not valid JSON.].`;
  return undefined;
}

/** A template with something in place of its variables that is JSON both within a string and without. */
function withSamples(template: string): string {
  return template.replace(VARIABLE, "0");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
