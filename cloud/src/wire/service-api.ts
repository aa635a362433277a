import {
  type Constraint,
  type ErrorFacts,
  type Location,
  type Member,
  type Protocol,
  type Shape,
  SIMPLE,
  SIMPLE_BY_NUMBER,
  simpleShape,
  type TimestampFormat,
} from "./shape.ts";
import { type ConstraintFile, type MemberRow, readTable, type Ref, type TableFile, type Traits } from "./table.ts";

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

const LIST_BIT = 64;
const MAP_BIT = 128;

const JAVA_PACKAGE: Record<string, string> = {
  dynamodb: "com.amazonaws.dynamodb.v20120810",
  dynamodbstreams: "com.amazonaws.dynamodb.v20120810",
};

/** AWS: "requires an AWS signature only when …", which their model does not say. */
const UNSIGNED = new Set(["sns:ConfirmSubscription", "sns:Unsubscribe"]);

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
      mayBeUnsigned: traits["noAuth"] === 1 || UNSIGNED.has(`${this.name}:${name}`),
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
