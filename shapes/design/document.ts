import type { BodyPattern } from "../ports/pattern.ts";
import type { Template } from "../ports/template.ts";

/** A whole application as a document: shapes, how they join, and what their handlers may use. */
export interface DesignDocument {
  readonly $schema?: string;
  /** Name of the application and its stack. */
  readonly name: string;
  readonly description?: string;
  readonly shapes: Readonly<Record<string, ShapeDocument>>;
  readonly joins?: readonly JoinDocument[];
  readonly grants?: readonly GrantDocument[];
}

export interface ShapeDocument {
  /** Name in the catalog, e.g. `web-backend`; or `function` or `schedule`, the two pieces that are no shapes. */
  readonly shape: string;
  readonly options?: Readonly<Record<string, unknown>>;
}

export interface JoinDocument {
  /** Shape and source, e.g. `orders.tableChanges`. */
  readonly from: string;
  /** Shape and sink, e.g. `approvals.workflow`. */
  readonly to: string;
  readonly filter?: BodyPattern;
  readonly transform?: Template;
}

/** A handler of one shape may use a resource of another. */
export interface GrantDocument {
  /** Shape and function, e.g. `billing.charge`; of a `function` its name alone. */
  readonly function: string;
  /** Shape and resource, e.g. `orders.table`. */
  readonly resource: string;
  readonly access: string;
  /** Environment variable that holds the resource's name. */
  readonly as: string;
}

export interface DesignProblem {
  /** JSON path, e.g. `$.joins[0].to`. */
  readonly path: string;
  /** What is wrong, what was given, what is allowed, what to do. */
  readonly message: string;
}

/** Everything that is wrong with a document. */
export class DesignError extends Error {
  constructor(readonly problems: readonly DesignProblem[]) {
    super(problems.map(({ path, message }) => `${path}: ${message}`).join("\n"));
  }
}
