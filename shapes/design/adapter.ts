import type { Construct } from "constructs";
import type { ShapeFunction } from "../function.ts";
import type { SinkKind, SourceKind } from "../ports/glue.ts";
import type { AnySink } from "../ports/sinks.ts";
import type { AnySource } from "../ports/sources.ts";

/** JSON Schema of options, as far as documents need it. */
export type Schema = Readonly<Record<string, unknown>>;

/** What another shape's handlers may be granted. */
export interface Resource {
  /** Its name, for the handler's environment. */
  readonly name: string;
  /** Kind of access → what it allows. */
  readonly access: Readonly<Record<string, { readonly actions: readonly string[]; readonly on: readonly string[] }>>;
}

export interface BuiltShape {
  readonly construct: Construct;
  readonly sources: Readonly<Record<string, AnySource>>;
  readonly sinks: Readonly<Record<string, AnySink>>;
  readonly functions: Readonly<Record<string, ShapeFunction>>;
  readonly resources: Readonly<Record<string, Resource>>;
  /** What people need of it: addresses and names. */
  readonly outputs: Readonly<Record<string, string>>;
}

export interface BuildContext {
  /** Path of a file that the document names. */
  readonly file: (relative: string) => string;
  /** Whether tables and buckets go with the stack. */
  readonly isThrowaway: boolean;
}

/** A shape as documents know it. */
export interface Adapter {
  /** Schema of its options: an object. */
  readonly options: Schema;
  /** Kinds by name, known before anything is built. A `*` stands for any name. */
  readonly sources: Readonly<Record<string, SourceKind>>;
  readonly sinks: Readonly<Record<string, SinkKind>>;
  /** Folder of the package with the handlers that a new project begins with. */
  readonly handlers?: string;
  /** The options that a new project begins with; handlers lie in the folder. */
  readonly sample: (folder: string) => Record<string, unknown>;
  readonly build: (scope: Construct, id: string, options: never, context: BuildContext) => BuiltShape;
}

export const NOTHING = { sources: {}, sinks: {}, functions: {}, resources: {}, outputs: {} } as const;

export const TEXT: Schema = { type: "string", minLength: 1 };
export const HANDLER: Schema = { ...TEXT, description: "Path of the file that exports `handler`, from this document" };
export const ENVIRONMENT: Schema = { type: "object", additionalProperties: { type: "string" } };

export function object(properties: Readonly<Record<string, Schema>>, required: readonly string[] = []): Schema {
  return { type: "object", properties, required, additionalProperties: false };
}

/** Access to a table, by action and ARN. */
export function tableResource(
  table: { tableName: string; tableArn: string },
  indexes: readonly string[] = [],
): Resource {
  const on = [table.tableArn, ...indexes.map((name) => `${table.tableArn}/index/${name}`)];
  const read = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
  const write = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"];
  return {
    name: table.tableName,
    access: {
      read: { actions: read, on },
      write: { actions: write, on },
      readWrite: { actions: [...read, ...write], on },
    },
  };
}
