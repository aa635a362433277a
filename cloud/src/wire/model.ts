import { readFileSync } from "node:fs";
import { packagePath } from "../package-path.ts";
import { join } from "node:path";

/**
 * Typed access to the API tables of cloud/api (made by scripts/generate-api.mjs from the AWS SDK's schemas and
 * botocore's constraints). Tables load when first asked for; shapes compile when first reached.
 */

export type Protocol =
  | "awsJson1_0"
  | "awsJson1_1"
  | "restJson1"
  | "restXml"
  | "awsQuery"
  | "ec2Query"
  | "rpcv2Cbor"
  /** `application/x-amz-cbor-1.1`: awsJson's requests in CBOR, which the Kinesis clients for Java send. */
  | "awsCbor";

export type Kind =
  | "string"
  | "integer"
  | "long"
  | "float"
  | "double"
  | "boolean"
  | "timestamp"
  | "blob"
  | "document"
  | "list"
  | "map"
  | "structure"
  | "union";

export type TimestampFormat = "epoch" | "date-time" | "http";

/** What a value of a type may be. Lengths of strings in characters, of blobs in bytes, of lists and maps in entries. */
export interface Constraint {
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
  readonly element?: Constraint;
  readonly key?: Constraint;
  readonly value?: Constraint;
}

/** Where a member of an input or output travels. */
export type Location = "body" | "payload" | "label" | "query" | "queryParams" | "header" | "prefixHeaders" | "status";

export interface Member {
  readonly name: string;
  readonly shape: Shape;
  readonly required: boolean;
  readonly location: Location;
  /** Name of the header (lower case), query parameter or header prefix (lower case); else the member's own name. */
  readonly locationName: string;
  readonly jsonName: string;
  readonly xmlName: string;
  /** Whether the member itself names its XML element (a structure's own xmlName yields to it). */
  readonly xmlNamed: boolean;
  readonly xmlAttribute: boolean;
  readonly xmlNamespace: readonly [prefix: string, uri: string] | undefined;
  readonly flattened: boolean;
  readonly ec2Name: string;
  readonly timestampFormat: TimestampFormat | undefined;
  readonly idempotencyToken: boolean;
  readonly sensitive: boolean;
  readonly hostLabel: boolean;
  readonly eventHeader: boolean;
  readonly eventPayload: boolean;
  readonly constraint: Constraint | undefined;
}

export interface Shape {
  /** AWS's name of a structure, union, named list or map; else the kind. */
  readonly name: string;
  readonly kind: Kind;
  /** Of a structure or union. */
  readonly members: readonly Member[];
  readonly byName: ReadonlyMap<string, Member>;
  readonly byJsonName: ReadonlyMap<string, Member>;
  /** Of a list. */
  readonly element: Member | undefined;
  /** Of a map. */
  readonly key: Member | undefined;
  readonly value: Member | undefined;
  readonly xmlName: string | undefined;
  /** Whether JSON names a member otherwise than the API does. */
  readonly renamed: boolean;
  /** The Java package that AWS's own error texts name the shape in. */
  readonly namespace: string;
  /** A blob that is not held in memory, or a union whose members are events. */
  readonly streaming: boolean;
  readonly sensitive: boolean;
  readonly error: ErrorFacts | undefined;
  /** Whether validation has anything to look at, here or further in (set by validation, which computes it once). */
  constrained?: boolean;
}

export interface ErrorFacts {
  /** The code on the wire, in AWS query and query-compatible protocols (`AWS.SimpleQueueService.NonExistentQueue`). */
  readonly queryCode: string | undefined;
  readonly status: number;
  readonly queryStatus: number | undefined;
  readonly fault: "Sender" | "Receiver";
}

export interface Operation {
  readonly api: ServiceApi;
  readonly name: string;
  readonly input: Shape;
  readonly output: Shape;
  readonly method: string;
  /** Path template with the query it requires, e.g. `/2015-03-31/functions/{FunctionName}`; `/` in RPC protocols. */
  readonly uri: string;
  readonly status: number;
  readonly hostPrefix: string | undefined;
  readonly idempotent: boolean;
  /** Whether AWS answers it without a signature (sign-up in Cognito, AssumeRoleWithWebIdentity). */
  readonly mayBeUnsigned: boolean;
  /** Member that is the whole HTTP body, in or out. */
  readonly inputPayload: Member | undefined;
  readonly outputPayload: Member | undefined;
  /** Output member that is a stream of events. */
  readonly eventStream: Member | undefined;
}

type Traits = Record<string, unknown>;
type Ref = number | string;
type MemberRow = [name: string, ref: Ref, traits?: Traits];
interface TableFile {
  service: {
    name: string;
    serviceId: string;
    signingName: string;
    protocol: Protocol;
    version: string;
    targetPrefix: string;
    xmlNamespace?: string;
    queryNamespace?: string;
    awsQueryCompatible?: boolean;
  };
  operations: Record<string, [input: Ref, output: Ref, traits: Traits]>;
  otherOperations: string[];
  shapes: Record<string, unknown[]>;
  enums: Record<string, string[]>;
}
interface ConstraintRow {
  kind?: Kind;
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  member?: string;
  key?: string;
  value?: string;
}
interface ConstraintFile {
  types: Record<string, ConstraintRow>;
  members: Record<string, Record<string, string>>;
}

const NO_MEMBERS: ReadonlyMap<string, Member> = new Map();

function simpleShape(kind: Kind, streaming = false): Shape {
  return {
    name: kind,
    kind,
    members: [],
    byName: NO_MEMBERS,
    byJsonName: NO_MEMBERS,
    element: undefined,
    key: undefined,
    value: undefined,
    xmlName: undefined,
    renamed: false,
    namespace: "",
    streaming,
    sensitive: false,
    error: undefined,
  };
}

const SIMPLE = {
  string: simpleShape("string"),
  integer: simpleShape("integer"),
  long: simpleShape("long"),
  float: simpleShape("float"),
  double: simpleShape("double"),
  boolean: simpleShape("boolean"),
  timestamp: simpleShape("timestamp"),
  blob: simpleShape("blob"),
  stream: simpleShape("blob", true),
  document: simpleShape("document"),
};

/** The SDK's numbers of simple types. 4 leaves the timestamp's format to the protocol. */
const SIMPLE_BY_NUMBER: Record<number, [Shape, TimestampFormat?]> = {
  0: [SIMPLE.string],
  1: [SIMPLE.integer],
  2: [SIMPLE.boolean],
  4: [SIMPLE.timestamp],
  5: [SIMPLE.timestamp, "date-time"],
  6: [SIMPLE.timestamp, "http"],
  7: [SIMPLE.timestamp, "epoch"],
  15: [SIMPLE.document],
  17: [SIMPLE.long],
  19: [SIMPLE.double],
  21: [SIMPLE.blob],
  42: [SIMPLE.stream],
};
const LIST_BIT = 64;
const MAP_BIT = 128;

const JAVA_PACKAGE: Record<string, string> = {
  dynamodb: "com.amazonaws.dynamodb.v20120810",
  dynamodbstreams: "com.amazonaws.dynamodb.v20120810",
};

const API_DIRECTORY = packagePath("api");

function readTable<T>(file: string): T {
  return JSON.parse(readFileSync(join(API_DIRECTORY, file), "utf8")) as T;
}

/** One service's API. */
export class ServiceApi {
  readonly name: string;
  readonly serviceId: string;
  readonly signingName: string;
  /** The protocol of the current SDKs; other clients may speak another. */
  readonly protocol: Protocol;
  readonly version: string;
  readonly targetPrefix: string;
  readonly xmlNamespace: string | undefined;
  readonly awsQueryCompatible: boolean;
  readonly #table: TableFile;
  readonly #constraints: ConstraintFile;
  readonly #shapes = new Map<string, Shape>();
  readonly #operations = new Map<string, Operation>();
  readonly #constraintByType = new Map<string, Constraint | undefined>();

  constructor(name: string) {
    this.#table = readTable<TableFile>(`${name}.json`);
    this.#constraints = readTable<ConstraintFile>(`${name}.constraints.json`);
    const facts = this.#table.service;
    this.name = facts.name;
    this.serviceId = facts.serviceId;
    this.signingName = facts.signingName;
    this.protocol = facts.protocol;
    this.version = facts.version;
    this.targetPrefix = facts.targetPrefix;
    this.xmlNamespace = facts.xmlNamespace ?? facts.queryNamespace;
    this.awsQueryCompatible = facts.awsQueryCompatible ?? false;
  }

  /** Names of the operations whose shapes are in the table. */
  get operationNames(): string[] {
    return Object.keys(this.#table.operations);
  }

  /** Whether AWS has such an operation, be its shapes in the table or not. */
  knows(operation: string): boolean {
    return operation in this.#table.operations || this.#table.otherOperations.includes(operation);
  }

  findOperation(name: string): Operation | undefined {
    const known = this.#operations.get(name);
    if (known) return known;
    if (!Object.hasOwn(this.#table.operations, name)) return undefined;
    const operation = this.#compileOperation(name);
    this.#operations.set(name, operation);
    return operation;
  }

  /** @throws Error where the table has no such operation (a mistake of ours, not of a caller) */
  operation(name: string): Operation {
    const operation = this.findOperation(name);
    if (!operation) throw new Error(`The API table of ${this.name} has no operation ${name}`);
    return operation;
  }

  /** The model's facts of an error, by its shape name or its query code. */
  findError(code: string): Shape | undefined {
    if (Object.hasOwn(this.#table.shapes, code)) {
      const shape = this.shape(code);
      if (shape.error) return shape;
    }
    const name = this.#errorNameByQueryCode().get(code);
    return name === undefined ? undefined : this.shape(name);
  }

  get errorNames(): string[] {
    return Object.entries(this.#table.shapes)
      .filter(([, row]) => row[0] === -3)
      .map(([name]) => name);
  }

  /** HTTP method and URI template of every operation, for the router: nothing is compiled. */
  *bindings(): Generator<{
    name: string;
    method: string;
    uri: string;
    input: Ref;
    requiredQueries: string[];
    requiredHeaders: string[];
  }> {
    for (const [name, [input, , traits]] of Object.entries(this.#table.operations)) {
      const http = traits["http"] as [string, string, number] | undefined;
      if (!http) continue;
      const row = this.#table.shapes[input] ?? [3, {}, [], 0];
      const required = (row[2] as MemberRow[]).slice(0, row[3] as number);
      const named = (trait: string) =>
        required.flatMap(([, , t]) => (typeof t?.[trait] === "string" ? [t[trait]] : []));
      yield {
        name,
        method: http[0],
        uri: http[1],
        input,
        requiredQueries: named("httpQuery"),
        requiredHeaders: named("httpHeader"),
      };
    }
  }

  #queryCodes: Map<string, string> | undefined;
  #errorNameByQueryCode(): Map<string, string> {
    this.#queryCodes ??= new Map(
      Object.entries(this.#table.shapes).flatMap(([name, row]) => {
        const queryError = (row[1] as Traits)["awsQueryError"] as [string, number] | undefined;
        return queryError ? [[queryError[0], name] as const] : [];
      }),
    );
    return this.#queryCodes;
  }

  #compileOperation(name: string): Operation {
    const [inputRef, outputRef, traits] = this.#table.operations[name]!;
    const http = traits["http"] as [string, string, number] | undefined;
    const input = this.shape(String(inputRef));
    const output = this.shape(String(outputRef));
    return {
      api: this,
      name,
      input,
      output,
      method: http?.[0] ?? "POST",
      uri: http?.[1] ?? "/",
      status: http?.[2] ?? 200,
      hostPrefix: (traits["endpoint"] as [string] | undefined)?.[0],
      idempotent: traits["idempotent"] === 1,
      mayBeUnsigned: traits["noAuth"] === 1,
      inputPayload: input.members.find((member) => member.location === "payload"),
      outputPayload: output.members.find((member) => member.location === "payload"),
      eventStream: output.members.find((member) => member.shape.kind === "union" && member.shape.streaming),
    };
  }

  /** @param name AWS's name of a structure, list or map in this table */
  shape(name: string): Shape {
    const known = this.#shapes.get(name);
    if (known) return known;
    const row = this.#table.shapes[name];
    if (!row) {
      const unit = { ...simpleShape("structure"), name };
      this.#shapes.set(name, unit);
      return unit;
    }
    const traits = row[1] as Traits;
    const kind = row[0] === 1 ? "list" : row[0] === 2 ? "map" : row[0] === 4 ? "union" : "structure";
    const members: Member[] = [];
    const byName = new Map<string, Member>();
    const byJsonName = new Map<string, Member>();
    const shape = {
      ...simpleShape(kind, traits["streaming"] === 1),
      name,
      members,
      byName,
      byJsonName,
      xmlName: traits["xmlName"] as string | undefined,
      namespace: JAVA_PACKAGE[this.name] ?? `com.amazonaws.${this.name}`,
      sensitive: traits["sensitive"] === 1,
      error: row[0] === -3 ? errorFacts(traits) : undefined,
    };
    this.#shapes.set(name, shape);
    if (kind === "list") shape.element = this.#member(["member", row[2] as Ref, row[3] as Traits], false, undefined);
    else if (kind === "map") {
      shape.key = this.#member(["key", row[2] as Ref, row[3] as Traits], true, undefined);
      shape.value = this.#member(["value", row[4] as Ref, row[5] as Traits], false, undefined);
    } else {
      const required = row[3] as number;
      const types = this.#constraints.members[name];
      for (const [index, memberRow] of (row[2] as MemberRow[]).entries()) {
        const type = types && Object.hasOwn(types, memberRow[0]) ? types[memberRow[0]] : undefined;
        const member = this.#member(memberRow, index < required, type);
        members.push(member);
        byName.set(member.name, member);
        byJsonName.set(member.jsonName, member);
        shape.renamed ||= member.jsonName !== member.name;
      }
    }
    return shape;
  }

  #member([name, ref, traits = {}]: MemberRow, required: boolean, type: string | undefined): Member {
    const [shape, format] = this.#resolve(ref, type);
    const [location, locationName] = locationOf(name, traits);
    const xmlName = traits["xmlName"] as string | undefined;
    return {
      name,
      shape: traits["streaming"] === 1 && shape === SIMPLE.blob ? SIMPLE.stream : shape,
      required,
      location,
      locationName,
      jsonName: (traits["jsonName"] as string | undefined) ?? name,
      xmlName: xmlName ?? name,
      xmlNamed: xmlName !== undefined,
      xmlAttribute: traits["xmlAttribute"] === 1,
      xmlNamespace: traits["xmlNamespace"] as [string, string] | undefined,
      flattened: traits["xmlFlattened"] === 1,
      ec2Name: (traits["ec2QueryName"] as string | undefined) ?? capitalized(xmlName ?? name),
      timestampFormat: format,
      idempotencyToken: traits["idempotencyToken"] === 1,
      sensitive: traits["sensitive"] === 1 || shape.sensitive,
      hostLabel: traits["hostLabel"] === 1,
      eventHeader: traits["eventHeader"] === 1,
      eventPayload: traits["eventPayload"] === 1,
      constraint: this.#constraint(type),
    };
  }

  #resolve(ref: Ref, type: string | undefined): [Shape, TimestampFormat?] {
    if (typeof ref === "string") return [this.shape(ref)];
    if (ref >= LIST_BIT) return [this.#collection(ref, type)];
    if (ref === 1) return [SIMPLE[this.#numberKind(type)]];
    const simple = SIMPLE_BY_NUMBER[ref];
    if (!simple) throw new Error(`The API table of ${this.name} names an unknown simple type ${ref}`);
    return simple;
  }

  /** A list or map that the SDK leaves unnamed: `64 | simple` or `128 | simple`. */
  #collection(ref: number, type: string | undefined): Shape {
    const row = type === undefined ? undefined : this.#constraints.types[type];
    const id = `${ref}:${this.#numberKind(row?.member ?? row?.value)}`;
    const known = this.#shapes.get(id);
    if (known) return known;
    const isMap = ref >= MAP_BIT;
    const shape: Shape = {
      ...simpleShape(isMap ? "map" : "list"),
      element: isMap ? undefined : this.#member(["member", ref & 63], false, row?.member),
      key: isMap ? this.#member(["key", 0], true, row?.key) : undefined,
      value: isMap ? this.#member(["value", ref & 63], false, row?.value) : undefined,
    };
    this.#shapes.set(id, shape);
    return shape;
  }

  #numberKind(type: string | undefined): "integer" | "long" | "float" | "double" {
    const kind = type === undefined ? undefined : this.#constraints.types[type]?.kind;
    return kind === "long" || kind === "float" || kind === "double" ? kind : "integer";
  }

  #constraint(type: string | undefined): Constraint | undefined {
    if (type === undefined) return undefined;
    if (this.#constraintByType.has(type)) return this.#constraintByType.get(type);
    const row = this.#constraints.types[type];
    let constraint: Constraint | undefined;
    if (row) {
      this.#constraintByType.set(type, undefined); // a type within itself adds nothing
      const known = row.enum && Object.hasOwn(this.#table.enums, type) ? (this.#table.enums[type] ?? []) : [];
      const made = {
        min: row.min,
        max: row.max,
        pattern: row.pattern,
        // The SDK and botocore are of different days: what either knows is allowed.
        enum: row.enum && [...new Set([...row.enum, ...known])],
        element: this.#constraint(row.member),
        key: this.#constraint(row.key),
        value: this.#constraint(row.value),
      };
      constraint = Object.values(made).some((value) => value !== undefined) ? (made as Constraint) : undefined;
    }
    this.#constraintByType.set(type, constraint);
    return constraint;
  }
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function errorFacts(traits: Traits): ErrorFacts {
  const fault = traits["error"] === "server" ? "Receiver" : "Sender";
  const query = traits["awsQueryError"] as [string, number] | undefined;
  return {
    queryCode: query?.[0],
    queryStatus: query?.[1],
    status: (traits["httpError"] as number | undefined) ?? (fault === "Sender" ? 400 : 500),
    fault,
  };
}

function locationOf(name: string, traits: Traits): [Location, string] {
  if (traits["httpLabel"] === 1) return ["label", name];
  if (typeof traits["httpQuery"] === "string") return ["query", traits["httpQuery"]];
  if (traits["httpQueryParams"] === 1) return ["queryParams", name];
  if (typeof traits["httpHeader"] === "string") return ["header", traits["httpHeader"].toLowerCase()];
  if (typeof traits["httpPrefixHeaders"] === "string")
    return ["prefixHeaders", traits["httpPrefixHeaders"].toLowerCase()];
  if (traits["httpPayload"] === 1) return ["payload", name];
  if (traits["httpResponseCode"] === 1) return ["status", name];
  return ["body", name];
}

/** What the router must know of a service before it loads the service's table. */
export interface ApiFacts {
  readonly signingName: string;
  readonly targetPrefix: string;
  readonly version: string;
  readonly protocol: Protocol;
}

/** The services whose API is in a table, by name. Where two share a signing name, the first is asked first. */
export const API_INDEX: ReadonlyMap<string, ApiFacts> = new Map(
  Object.entries(readTable<{ services: Record<string, ApiFacts> }>("index.json").services),
);

const apis = new Map<string, ServiceApi>();

export function findApi(name: string): ServiceApi | undefined {
  const known = apis.get(name);
  if (known) return known;
  if (!API_INDEX.has(name)) return undefined;
  const api = new ServiceApi(name);
  apis.set(name, api);
  return api;
}

/** @throws Error where there is no table of that name */
export function getApi(name: string): ServiceApi {
  const api = findApi(name);
  if (!api) throw new Error(`No API table for ${name}: add it to scripts/generate-api.mjs`);
  return api;
}

/** A service that AWS has, be it emulated or not. */
export interface KnownService {
  readonly name: string;
  readonly signingName: string;
  readonly targetPrefix: string;
  readonly version: string;
  readonly protocol: string;
}

let known: readonly KnownService[] | undefined;

/** Every AWS service known to botocore when the tables were made. Loaded only to word a refusal. */
export function knownServices(): readonly KnownService[] {
  if (!known) {
    const { services } = readTable<{ services: Record<string, [string, string, string, string]> }>("services.json");
    known = Object.entries(services).map(([name, [signingName, targetPrefix, version, protocol]]) => ({
      name,
      signingName,
      targetPrefix,
      version,
      protocol,
    }));
  }
  return known;
}

const NONE: ReadonlySet<string> = new Set();
const sensitive = new Map<string, ReadonlySet<string>>();

/**
 * The top-level members of an operation's input or output that the model calls sensitive, in themselves or inside.
 * Undefined where there is no such operation or it holds nothing sensitive.
 */
export function sensitiveMembers(
  service: string,
  operation: string,
  side: "input" | "output",
): ReadonlySet<string> | undefined {
  const id = `${service}:${operation}:${side}`;
  let names = sensitive.get(id);
  if (!names) {
    const shape = findApi(service)?.findOperation(operation)?.[side];
    const hidden = shape
      ? shape.members.filter((member) => holdsSensitive(member, new Set())).map((member) => member.name)
      : [];
    names = hidden.length > 0 ? new Set(hidden) : NONE;
    sensitive.set(id, names);
  }
  return names === NONE ? undefined : names;
}

function holdsSensitive(member: Member, seen: Set<Shape>): boolean {
  if (member.sensitive || member.shape.sensitive) return true;
  const { shape } = member;
  if (seen.has(shape)) return false;
  seen.add(shape);
  const inner = [...shape.members, shape.element, shape.key, shape.value];
  return inner.some((next) => next !== undefined && holdsSensitive(next, seen));
}
