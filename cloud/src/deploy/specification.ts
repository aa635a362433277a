import { readFileSync } from "node:fs";
import { packagePath } from "../package-path.ts";

/** The kinds of value that the published specification tells apart. */
export type ValueType =
  | { readonly kind: "string" | "number" | "integer" | "boolean" | "json" }
  | { readonly kind: "list" | "map"; readonly element: ValueType }
  | { readonly kind: "structure"; readonly properties: () => ReadonlyMap<string, PropertySpecification> }
  | { readonly kind: "union"; readonly types: readonly ValueType[] };

export interface PropertySpecification {
  readonly type: ValueType;
  readonly required: boolean;
  /** Whether changing it replaces the resource. */
  readonly replaces: "always" | "conditionally" | "never";
}

export interface TypeSpecification {
  readonly type: string;
  readonly properties: ReadonlyMap<string, PropertySpecification>;
  /** Names that `Fn::GetAtt` takes; nested ones with dots (`Endpoint.Address`). */
  readonly attributes: ReadonlySet<string>;
  /** The property that holds the resource's tags, where it has one. */
  readonly tagProperty: string | undefined;
}

interface TableRow {
  properties: Record<string, string>;
  definitions?: Record<string, Record<string, string>>;
  attributes?: Record<string, string>;
  tags?: string;
}

interface Table {
  types: Record<string, TableRow>;
  others: string[];
}

const TABLE = packagePath("api/resource-types.json");
const TAG: ReadonlyMap<string, PropertySpecification> = new Map(
  ["Key", "Value"].map((name) => [name, { type: { kind: "string" }, required: true, replaces: "never" }]),
);

let table: Table | undefined;
const compiled = new Map<string, TypeSpecification>();

/** Read when first asked for: a cloud that deploys nothing needs none of it. */
function loadTable(): Table {
  table ??= JSON.parse(readFileSync(TABLE, "utf8")) as Table;
  return table;
}

/** Whether AWS publishes such a resource type, be it in the table in full or by name only. */
export function isPublishedType(type: string): boolean {
  return Object.hasOwn(loadTable().types, type) || loadTable().others.includes(type);
}

/** The types that stand in the table in full. */
export function specifiedTypes(): string[] {
  return Object.keys(loadTable().types);
}

/** What AWS publishes of a resource type; undefined where the table has no more than its name, or not even that. */
export function findSpecification(type: string): TypeSpecification | undefined {
  const known = compiled.get(type);
  if (known) return known;
  if (!Object.hasOwn(loadTable().types, type)) return undefined;
  const row = loadTable().types[type]!;
  const specification: TypeSpecification = {
    type,
    properties: compileProperties(row.properties, row.definitions ?? {}),
    attributes: new Set(Object.keys(row.attributes ?? {})),
    tagProperty: row.tags,
  };
  compiled.set(type, specification);
  return specification;
}

type Definitions = Readonly<Record<string, Record<string, string>>>;

function compileProperties(
  texts: Record<string, string>,
  definitions: Definitions,
): ReadonlyMap<string, PropertySpecification> {
  return new Map(Object.entries(texts).map(([name, text]) => [name, compileProperty(text, definitions)]));
}

/** Reads the notation of scripts/generate-resource-types.mjs, e.g. `[KeySchema]!^`. */
function compileProperty(text: string, definitions: Definitions): PropertySpecification {
  const [, type = "", marks = ""] = /^(.*?)([!^~]*)$/.exec(text) ?? [];
  return {
    type: compileType(type, definitions),
    required: marks.includes("!"),
    replaces: marks.includes("^") ? "always" : marks.includes("~") ? "conditionally" : "never",
  };
}

function compileType(text: string, definitions: Definitions): ValueType {
  const alternatives = splitAlternatives(text);
  if (alternatives.length > 1)
    return { kind: "union", types: alternatives.map((one) => compileType(one, definitions)) };
  if (text.startsWith("[")) return { kind: "list", element: compileType(text.slice(1, -1), definitions) };
  if (text.startsWith("{")) return { kind: "map", element: compileType(text.slice(1, -1), definitions) };
  switch (text) {
    case "string":
    case "date-time":
      return { kind: "string" };
    case "number":
    case "integer":
    case "boolean":
    case "json":
      return { kind: text };
    case "tag":
      return { kind: "structure", properties: () => TAG };
    default: {
      // Compiled when reached: definitions refer to each other, also in circles (WAF statements).
      let properties: ReadonlyMap<string, PropertySpecification> | undefined;
      return {
        kind: "structure",
        properties: () => (properties ??= compileProperties(definitions[text] ?? {}, definitions)),
      };
    }
  }
}

/** Splits `A|[B|C]|D` at the bars that stand outside of brackets. */
function splitAlternatives(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (char === "[" || char === "{") depth++;
    else if (char === "]" || char === "}") depth--;
    else if (char === "|" && depth === 0) {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  return [...parts, text.slice(start)];
}
