import { Readable } from "node:stream";
import type { HttpResponse } from "../../http.ts";
import type { Member, Operation } from "../model.ts";
import type { Answered, ApiRequest } from "./codec.ts";
import { asDate } from "./json-writer.ts";
import { readText } from "./text-values.ts";
import { writeTimestamp } from "./timestamp.ts";

/** What REST JSON and REST XML share: members in path, query, headers, status and payload. */

/** Members that do not travel in the body. */
export function readBindings({ operation, head, labels }: ApiRequest): Record<string, unknown> {
  const input: Record<string, unknown> = {};
  let query: Map<string, string[]> | undefined;
  for (const member of operation.input.members) {
    let value: unknown;
    switch (member.location) {
      case "label":
        value = labels[member.name] === undefined ? undefined : readText(member.shape, labels[member.name]!);
        break;
      case "query":
        query ??= readQuery(head.query);
        value = readQueryMember(member, query.get(member.locationName));
        break;
      case "queryParams":
        query ??= readQuery(head.query);
        value = readQueryRest(operation, member, query);
        break;
      case "header":
        value = readHeader(member, head.headers[member.locationName]);
        break;
      case "prefixHeaders":
        value = readPrefixHeaders(member, head.headers);
        break;
    }
    if (value !== undefined) input[member.name] = value;
  }
  return input;
}

function readQuery(query: string): Map<string, string[]> {
  const parameters = new Map<string, string[]>();
  for (const [name, value] of new URLSearchParams(query)) {
    const values = parameters.get(name);
    if (values) values.push(value);
    else parameters.set(name, [value]);
  }
  return parameters;
}

function readQueryMember(member: Member, values: string[] | undefined): unknown {
  if (!values) return undefined;
  if (member.shape.kind === "list") return values.map((value) => readText(member.shape.element!.shape, value));
  return readText(member.shape, values[0]!);
}

/** All query parameters that neither another member nor the operation's own address is bound to. */
function readQueryRest(operation: Operation, member: Member, query: Map<string, string[]>): unknown {
  const bound = new Set(
    operation.input.members.filter(({ location }) => location === "query").map(({ locationName }) => locationName),
  );
  for (const name of new URLSearchParams(operation.uri.split("?")[1]).keys()) bound.add(name);
  const entries = [...query].filter(([name]) => !bound.has(name));
  if (entries.length === 0) return undefined;
  return Object.fromEntries(
    entries.map(([name, values]) => [name, member.shape.value!.shape.kind === "list" ? values : values[0]]),
  );
}

function readHeader(member: Member, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (member.shape.kind !== "list") return readText(member.shape, text);
  const element = member.shape.element!.shape;
  return splitHeader(text, element.kind === "timestamp").map((item) => readText(element, item));
}

/** Splits at commas outside of quotes; HTTP dates have a comma of their own. */
function splitHeader(text: string, dates: boolean): string[] {
  if (dates) return text.split(/(?<=GMT)\s*,\s*/);
  const items = text.match(/"(?:[^"\\]|\\.)*"|[^,]+/g) ?? [];
  return items
    .map((item) => item.trim())
    .filter((item) => item !== "")
    .map((item) => (item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/g, "$1") : item));
}

function readPrefixHeaders(member: Member, headers: Readonly<Record<string, string | undefined>>): unknown {
  const values: Record<string, string> = {};
  let found = false;
  for (const name in headers) {
    const value = headers[name];
    if (!name.startsWith(member.locationName) || value === undefined) continue;
    values[name.slice(member.locationName.length)] = value;
    found = true;
  }
  return found ? values : undefined;
}

/** Whether some member of the input is part of a body document. */
export function hasBodyMembers(members: readonly Member[]): boolean {
  return members.some((member) => member.location === "body");
}

/** Status and headers of an answer; its body is the protocol's. */
export function writeBindings(
  output: Record<string, unknown>,
  { operation }: Answered,
): { status: number; headers: HttpResponse["headers"] } {
  const headers: HttpResponse["headers"] = {};
  let status = operation.status;
  for (const member of operation.output.members) {
    const value = output[member.name];
    if (value === undefined || value === null) continue;
    if (member.location === "header") writeHeader(headers, member, value);
    else if (member.location === "status") status = value as number;
    else if (member.location === "prefixHeaders") {
      for (const [name, text] of Object.entries(value as Record<string, string>))
        headers[member.locationName + name] = headerText(text);
    }
  }
  return { status, headers };
}

function writeHeader(headers: HttpResponse["headers"], member: Member, value: unknown): void {
  const { shape } = member;
  if (shape.kind !== "list") headers[member.locationName] = writeHeaderValue(member, value);
  else {
    const items = (value as unknown[]).map((item) => writeHeaderValue(shape.element!, item));
    headers[member.locationName] = items
      .map((item) =>
        shape.element!.shape.kind === "string" && /[",]/.test(item) ? `"${item.replace(/(["\\])/g, "\\$1")}"` : item,
      )
      .join(", ");
  }
}

function writeHeaderValue(member: Member, value: unknown): string {
  if (member.shape.kind === "timestamp") return writeTimestamp(asDate(value), member.timestampFormat ?? "http");
  if (member.shape.kind === "blob") return Buffer.from(value as Uint8Array).toString("base64");
  return headerText(String(value));
}

/** A header cannot hold control characters, and holds what is beyond Latin-1 as bytes of UTF-8. */
function headerText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const clean = text.replace(/\p{Cc}+/gu, " ");
  return /[^\u0020-\u00ff]/.test(clean) ? Buffer.from(clean, "utf8").toString("latin1") : clean;
}

/** A payload that is bytes or text, not a document. */
export function readRawPayload(member: Member, { body, stream }: ApiRequest): unknown {
  if (member.shape.streaming) return stream ?? body;
  if (body.length === 0) return undefined;
  return member.shape.kind === "blob" ? body : body.toString("utf8");
}

export function isRaw(member: Member): boolean {
  return member.shape.kind === "blob" || member.shape.kind === "string";
}

/** @returns the body to send for such a payload */
export function writeRawPayload(value: unknown): HttpResponse["body"] {
  if (value === undefined || value === null) return "";
  if (typeof value === "string" || value instanceof Uint8Array || value instanceof Readable) return value;
  return Readable.from(value as AsyncIterable<Uint8Array>, { objectMode: false });
}
