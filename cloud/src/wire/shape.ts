/** Shapes of the API model: the types of inputs, outputs and errors, and of all that is inside them. */

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

const NO_MEMBERS: ReadonlyMap<string, Member> = new Map();

/** A shape without members. */
export function simpleShape(kind: Kind, streaming = false): Shape {
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

export const SIMPLE = {
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
export const SIMPLE_BY_NUMBER: Record<number, [Shape, TimestampFormat?]> = {
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
