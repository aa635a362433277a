import { AwsError } from "../../aws/error.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { HttpResponse } from "../../http.ts";
import type { Member, Shape } from "../model.ts";
import type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";
import { errorFactsOf } from "./errors.ts";
import { SerializationError } from "./json-reader.ts";
import { readText } from "./text-values.ts";
import { escapeXml, writeMembers, type XmlStyle } from "./xml-writer.ts";

/** AWS query and EC2 query: parameters such as `Filter.1.Value.2=x` in, XML out. */

interface Node {
  value: string | undefined;
  readonly children: Map<string, Node>;
}

const DEPTH_MAX = 64;

/** Splits parameter names at their dots into a tree. */
function parseParameters(text: string): Node {
  const root: Node = { value: undefined, children: new Map() };
  for (const [name, value] of new URLSearchParams(text)) {
    let node = root;
    for (const part of name.split(".", DEPTH_MAX)) {
      let next = node.children.get(part);
      if (!next) node.children.set(part, (next = { value: undefined, children: new Map() }));
      node = next;
    }
    node.value ??= value;
  }
  return root;
}

function readNode(shape: Shape, node: Node, member: Member | undefined, style: XmlStyle): unknown {
  switch (shape.kind) {
    case "structure":
    case "union":
      return readStructure(shape, node, style);
    case "list":
      return readList(shape, node, member?.flattened === true || style === "ec2", style);
    case "map":
      return readMap(shape, node, member?.flattened === true, style);
    default:
      return node.value === undefined ? undefined : readText(shape, node.value);
  }
}

function readStructure(shape: Shape, node: Node, style: XmlStyle): Record<string, unknown> {
  const target: Record<string, unknown> = {};
  for (const member of shape.members) {
    const child = node.children.get(style === "ec2" ? member.ec2Name : member.xmlName);
    const value = child && readNode(member.shape, child, member, style);
    if (value !== undefined) target[member.name] = value;
  }
  return target;
}

/** `Name.member.1` or, flattened, `Name.1`; an empty list is `Name=`. */
function readList(shape: Shape, node: Node, flattened: boolean, style: XmlStyle): unknown[] {
  const element = shape.element!;
  const items = flattened ? node : (node.children.get(element.xmlName) ?? node.children.get("member"));
  return numbered(items).map((item) => readNode(element.shape, item, element, style) ?? "");
}

function readMap(shape: Shape, node: Node, flattened: boolean, style: XmlStyle): Record<string, unknown> {
  const key = shape.key!;
  const value = shape.value!;
  const entries: [string, unknown][] = [];
  for (const entry of numbered(flattened ? node : node.children.get("entry"))) {
    const name = entry.children.get(key.xmlName)?.value;
    const item = entry.children.get(value.xmlName);
    if (name !== undefined && item) entries.push([name, readNode(value.shape, item, value, style)]);
  }
  return Object.fromEntries(entries);
}

/** Items in the order of their numbers, which may have gaps. */
function numbered(node: Node | undefined): Node[] {
  if (!node) return [];
  return [...node.children]
    .filter(([name]) => /^\d+$/.test(name))
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, item]) => item);
}

function decode({ operation, head, body }: ApiRequest, style: XmlStyle): Record<string, unknown> {
  const parameters = parseParameters(head.method === "POST" ? body.toString("utf8") : head.query);
  try {
    const input = readStructure(operation.input, parameters, style);
    // Quirk: SQS's query clients post to the queue's own URL and may leave the parameter out.
    if (operation.api.name === "sqs" && head.path.length > 1 && operation.input.byName.has("QueueUrl"))
      input["QueueUrl"] ??= `http://${head.headers["host"]}${head.path}`;
    return input;
  } catch (error) {
    if (error instanceof SerializationError) throw new AwsError("MalformedInput", error.message, { status: 400 });
    throw error;
  }
}

const CONTENT_TYPE = "text/xml";

export const awsQuery: Codec = {
  decode: (request) => decode(request, "query"),

  encode(output: unknown, { operation, requestId }: Answered): HttpResponse {
    const { name, api } = operation;
    const members = writeMembers(operation.output.members, (output ?? {}) as Record<string, unknown>, "query");
    const result = operation.output.name === "Unit" ? "" : `<${name}Result>${members}</${name}Result>`;
    const metadata = `<ResponseMetadata><RequestId>${requestId}</RequestId></ResponseMetadata>`;
    const body = `<${name}Response xmlns="${api.xmlNamespace}">${result}${metadata}</${name}Response>`;
    return { status: 200, headers: { "x-amzn-RequestId": requestId, "Content-Type": CONTENT_TYPE }, body };
  },

  encodeError(error: AwsError, { api, requestId }: Refused): HttpResponse {
    const facts = errorFactsOf(error, api);
    const namespace = api?.xmlNamespace === undefined ? "" : ` xmlns="${api.xmlNamespace}"`;
    const detail = `<Type>${facts.fault}</Type><Code>${escapeXml(facts.queryCode)}</Code><Message>${escapeXml(error.message)}</Message>${membersOf(error, facts.shape)}`;
    const body = `<ErrorResponse${namespace}><Error>${detail}</Error><RequestId>${requestId}</RequestId></ErrorResponse>`;
    return {
      status: facts.queryStatus,
      headers: { "x-amzn-RequestId": requestId, "Content-Type": CONTENT_TYPE, ...error.headers },
      body,
    };
  },
};

function membersOf(error: AwsError, shape: Shape | undefined): string {
  const what = error instanceof NotEmulatedError ? `<NotEmulated>${escapeXml(error.what)}</NotEmulated>` : "";
  return (
    what +
    (shape
      ? writeMembers(
          shape.members.filter(({ name }) => name.toLowerCase() !== "message"),
          error.members,
          "query",
        )
      : "")
  );
}

export const ec2Query: Codec = {
  decode: (request) => decode(request, "ec2"),

  encode(output: unknown, { operation, requestId }: Answered): HttpResponse {
    const { name, api } = operation;
    const members = writeMembers(operation.output.members, (output ?? {}) as Record<string, unknown>, "ec2");
    // AWS: an operation without output answers `true`.
    const inner = operation.output.name === "Unit" ? "<return>true</return>" : members;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${name}Response xmlns="${api.xmlNamespace}/"><requestId>${requestId}</requestId>${inner}</${name}Response>`;
    return { status: 200, headers: { "x-amzn-RequestId": requestId, "Content-Type": "text/xml;charset=UTF-8" }, body };
  },

  encodeError(error: AwsError, { api, requestId }: Refused): HttpResponse {
    const { status } = errorFactsOf(error, api);
    const detail = `<Code>${escapeXml(error.code)}</Code><Message>${escapeXml(error.message)}</Message>${membersOf(error, undefined)}`;
    const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Response><Errors><Error>${detail}</Error></Errors><RequestID>${requestId}</RequestID></Response>`;
    return {
      status,
      headers: { "x-amzn-RequestId": requestId, "Content-Type": "text/xml;charset=UTF-8", ...error.headers },
      body,
    };
  },
};
