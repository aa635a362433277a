import type { Scope } from "../../aws/scope.ts";
import { invalidData, invalidTemplate, missingAttribute, templateExists, templateNotFound } from "./errors.ts";
import type { Version } from "./errors.ts";
import { compose, newMessageId } from "./message.ts";
import { checkTemplate, MalformedTemplate, MissingAttribute, render, type TemplateParts } from "./rendering.ts";
import type { Cx } from "./sending.ts";
import { scopeKey, type SesState, type TemplateRecord } from "./state.ts";

/** @throws AwsError where there is none */
export function getTemplate(state: SesState, scope: Scope, version: Version, name: string): TemplateRecord {
  const record = state.templates.get([...scopeKey(scope), name]);
  if (!record) throw templateNotFound(version, name);
  return record;
}

/** Makes a template. @throws AwsError where there is one of that name, or it is malformed */
export function createTemplate(
  { state, scope, kernel }: Cx,
  version: Version,
  name: string,
  parts: TemplateParts,
  tags: Record<string, string> = {},
): void {
  const key = [...scopeKey(scope), name];
  if (state.templates.has(key)) throw templateExists(version, name);
  check(version, name, parts);
  state.templates.put(key, { name, ...parts, createdMs: kernel.clock.now(), tags } as TemplateRecord);
}

/** Puts other parts into a template. @throws AwsError where there is none, or it is malformed */
export function updateTemplate({ state, scope }: Cx, version: Version, name: string, parts: TemplateParts): void {
  const { createdMs, tags } = getTemplate(state, scope, version, name);
  check(version, name, parts);
  state.templates.put([...scopeKey(scope), name], { name, ...parts, createdMs, tags } as TemplateRecord);
}

function check(version: Version, name: string, parts: TemplateParts): void {
  try {
    checkTemplate(parts);
  } catch (error) {
    throw error instanceof MalformedTemplate ? invalidTemplate(version, name, error.message) : error;
  }
}

/** @throws AwsError for data that is no JSON object */
export function readData(version: Version, name: string, json: string | undefined): Record<string, unknown> {
  try {
    const data: unknown = JSON.parse(json === undefined || json === "" ? "{}" : json);
    if (typeof data === "object" && data !== null && !Array.isArray(data)) return data as Record<string, unknown>;
  } catch {
    // No JSON: below.
  }
  throw invalidData(version, name);
}

/**
 * A template filled in; undefined where the data lacks an attribute.
 * AWS: then the call succeeds and nothing is sent; only a rendering failure event tells of it.
 */
export function renderToSend(
  cx: Cx,
  version: Version,
  name: string,
  parts: TemplateParts,
  data: Record<string, unknown>,
): TemplateParts | undefined {
  try {
    return render(parts, data);
  } catch (error) {
    if (error instanceof MalformedTemplate) throw invalidTemplate(version, name, error.message);
    if (!(error instanceof MissingAttribute)) throw error;
    cx.span.attributes["renderingFailure"] = `Attribute '${error.attribute}' is not present in the rendering data.`;
    return undefined;
  }
}

/** The message that a template gives with data, for the two test operations. @throws AwsError for missing attributes */
export async function testRender(cx: Cx, version: Version, name: string, json: string | undefined): Promise<string> {
  const { kernel, scope, state } = cx;
  const parts = getTemplate(state, scope, version, name);
  const data = readData(version, name, json);
  try {
    return await compose(kernel, scope, newMessageId(kernel), { from: "", ...render(parts, data) });
  } catch (error) {
    throw error instanceof MissingAttribute ? missingAttribute(version, name, error.attribute) : error;
  }
}
