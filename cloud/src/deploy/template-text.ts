import {
  isScalar,
  parseDocument,
  visit,
  type Document,
  type Scalar,
  type ScalarTag,
  type CollectionTag,
  YAMLMap,
  YAMLSeq,
} from "yaml";
import { validationError } from "./template-error.ts";

/** The largest template given in the request itself, in bytes (AWS CloudFormation quotas). */
export const TEMPLATE_BODY_BYTES_MAX = 51_200;
/** The largest template read from S3, in bytes (AWS CloudFormation quotas: 1 MB). */
export const TEMPLATE_BYTES_MAX = 1_000_000;

/**
 * Reads a template's text, JSON or YAML with CloudFormation's short forms (`!Sub` …), into plain data.
 * @throws AwsError ValidationError "Template format error: …"
 */
export function parseTemplateText(text: string): Record<string, unknown> {
  if (Buffer.byteLength(text) > TEMPLATE_BYTES_MAX)
    throw validationError(`Template may not exceed ${TEMPLATE_BYTES_MAX} bytes in size.`);
  const value = text.trimStart().startsWith("{") ? parseJson(text) : parseYaml(text);
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw validationError("Template format error: unsupported structure.");
  return value as Record<string, unknown>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // A template in YAML's flow style begins with a brace too.
    const yaml = parseDocument(text, YAML_OPTIONS);
    if (yaml.errors.length === 0) return toPlain(yaml);
    const { line, column } = placeOf(text, (error as Error).message);
    throw validationError(`Template format error: JSON not well-formed. (line ${line}, column ${column})`);
  }
}

/** Where a JSON text is broken: V8 tells an offset in its message, or the offending token only. */
function placeOf(text: string, message: string): { line: number; column: number } {
  const position = /position (\d+)/.exec(message)?.[1];
  const before = text.slice(0, position === undefined ? text.length : Number(position)).split("\n");
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

function parseYaml(text: string): unknown {
  const document = parseDocument(text, YAML_OPTIONS);
  const error = document.errors[0] ?? document.warnings.find((warning) => warning.code === "TAG_RESOLVE_FAILED");
  if (error) {
    const place = error.linePos?.[0] ?? { line: 1, col: 1 };
    throw validationError(`Template format error: YAML not well-formed. (line ${place.line}, column ${place.col})`);
  }
  return toPlain(document);
}

function toPlain(document: Document.Parsed): unknown {
  // AWS: CloudFormation keeps numbers as written (`Version: 2.0` reaches a string property as "2.0", an account id
  // keeps its leading zero), so a number that JavaScript would write otherwise stays text.
  // Keys are names, and of YAML 1.1's truths the single letters are none to CloudFormation's parser.
  visit(document, {
    Scalar(key, node: Scalar) {
      if (node.source === undefined || typeof node.value === "string" || node.value === null) return;
      const isOddNumber = typeof node.value === "number" && String(node.value) !== node.source;
      if (key === "key" || isOddNumber || /^[yYnN]$/.test(node.source)) node.value = node.source;
    },
  });
  return document.toJS({ maxAliasCount: 1000 }) as unknown;
}

/** Functions that take one text. `!GetAtt A.B` is split at the first dot, as its long form wants it. */
const TEXT_TAGS: Record<string, (text: string) => unknown> = {
  "!Ref": (text) => ({ Ref: text }),
  "!Condition": (text) => ({ Condition: text }),
  "!GetAtt": (text) => ({ "Fn::GetAtt": splitAttribute(text) }),
  ...Object.fromEntries(
    ["Base64", "GetAZs", "ImportValue", "Sub", "Transform", "Length", "ToJsonString", "RefAll", "ValueOf"].map(
      (name) => [`!${name}`, (text: string) => ({ [`Fn::${name}`]: text })],
    ),
  ),
};

const COLLECTION_TAGS = [
  "And",
  "Base64",
  "Cidr",
  "Contains",
  "EachMemberEquals",
  "EachMemberIn",
  "Equals",
  "FindInMap",
  "ForEach",
  "GetAtt",
  "GetAZs",
  "If",
  "ImportValue",
  "Join",
  "Length",
  "Not",
  "Or",
  "Select",
  "Split",
  "Sub",
  "ToJsonString",
  "Transform",
  "ValueOf",
  "ValueOfAll",
];

const YAML_OPTIONS = {
  version: "1.1" as const,
  // AWS: CloudFormation's YAML knows no binary, omap, pairs, set and timestamp tags and no hash
  // merges: `<<` stays a key, and is refused as such ("AWS CloudFormation template formats").
  schema: "yaml-1.1",
  resolveKnownTags: false,
  // Keys are names: as written, `Yes` and `Y` are two.
  uniqueKeys: (a: unknown, b: unknown) => isScalar(a) && isScalar(b) && (a.source ?? a.value) === (b.source ?? b.value),
  prettyErrors: true,
  customTags: (tags: (ScalarTag | CollectionTag | string)[]) => [
    ...tags.filter((tag) => typeof tag === "string" || !/timestamp|binary|omap|pairs|set|merge/.test(tag.tag)),
    ...Object.entries(TEXT_TAGS).map(([tag, read]) => ({ tag, resolve: (text: string) => read(text) })),
    ...COLLECTION_TAGS.flatMap((name) => [
      { tag: `!${name}`, collection: "seq" as const, resolve: (node: unknown) => wrap(`Fn::${name}`, node) },
      { tag: `!${name}`, collection: "map" as const, resolve: (node: unknown) => wrap(`Fn::${name}`, node) },
    ]),
  ],
} as unknown as Parameters<typeof parseDocument>[1];

function wrap(name: string, node: unknown): YAMLMap {
  const map = new YAMLMap();
  map.set(name, node instanceof YAMLSeq || node instanceof YAMLMap ? untagged(node) : node);
  return map;
}

/** The same collection as its tag-less self, so that writing it out does not wrap it again. */
function untagged(node: YAMLSeq | YAMLMap): YAMLSeq | YAMLMap {
  delete node.tag;
  return node;
}

function splitAttribute(text: string): string[] {
  const dot = text.indexOf(".");
  return dot < 0 ? [text] : [text.slice(0, dot), text.slice(dot + 1)];
}
