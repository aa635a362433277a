import { readFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { CfnOutput } from "aws-cdk-lib";
import type { Construct } from "constructs";
import type { SinkKind, SourceKind } from "../ports/glue.ts";
import { join, type Join } from "../ports/join.ts";
import type { BuiltShape } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import { DesignError, type DesignDocument, type GrantDocument } from "./document.ts";
import { validateDesign } from "./validate.ts";

export interface BuildOptions {
  /** Folder that the document's handlers are named from. @default - the working directory */
  readonly root?: string;
  /** Whether tables and buckets go with the stack, as in tests. @default false */
  readonly isThrowaway?: boolean;
}

/** A design that was built: for more than a document can say, its shapes are at hand. */
export interface Design {
  readonly document: DesignDocument;
  readonly shapes: Readonly<Record<string, BuiltShape>>;
  readonly joins: readonly Join[];
}

/** Reads a document. @throws DesignError with everything that is wrong */
export function readDesign(path: string): DesignDocument {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new DesignError([{ path: "$", message: `${path} is not JSON: ${(error as Error).message}` }]);
  }
  const problems = validateDesign(given);
  if (problems.length > 0) throw new DesignError(problems);
  return given as DesignDocument;
}

/**
 * Makes the shapes of a document, joins them, and grants what it says.
 * @param document a document, or the path of one
 * @throws DesignError, JoinError, and what a shape refuses
 */
export function buildDesign(scope: Construct, document: DesignDocument | string, options: BuildOptions = {}): Design {
  if (typeof document === "string")
    return buildDesign(scope, readDesign(document), { root: dirname(resolve(document)), ...options });
  const problems = validateDesign(document);
  if (problems.length > 0) throw new DesignError(problems);
  const { root = process.cwd(), isThrowaway = false } = options;
  const context = { file: (relative: string) => resolve(root, relative), isThrowaway };
  const shapes = Object.fromEntries(
    Object.entries(document.shapes).map(([name, { shape, options: given = {} }]) => [
      name,
      ADAPTERS[shape]!.build(scope, capitalised(name), given as never, context),
    ]),
  );
  (document.grants ?? []).forEach((grant, index) => allow(shapes, grant, `$.grants[${index}]`));
  const joins = (document.joins ?? []).map(({ from, to, ...joinOptions }, index) => {
    const source = portOf(shapes, from, "sources", `$.joins[${index}].from`);
    const sink = portOf(shapes, to, "sinks", `$.joins[${index}].to`);
    return join<SourceKind, SinkKind>(source, sink, joinOptions);
  });
  for (const [name, { outputs }] of Object.entries(shapes))
    for (const [key, value] of Object.entries(outputs)) new CfnOutput(scope, `${capitalised(name)}${key}`, { value });
  return { document, shapes, joins };
}

function portOf<Side extends "sources" | "sinks">(
  shapes: Design["shapes"],
  given: string,
  side: Side,
  path: string,
): BuiltShape[Side][string] {
  const at = given.indexOf(".");
  const ports: Readonly<Record<string, BuiltShape[Side][string]>> = shapes[given.slice(0, at)]![side] as never;
  const port = ports[given.slice(at + 1)];
  if (port) return port;
  throw new DesignError([{ path, message: `is "${given}"; allowed: ${Object.keys(ports).join(", ")}` }]);
}

function allow(shapes: Design["shapes"], grant: GrantDocument, path: string): void {
  const [functionShape = "", ...functionName] = grant.function.split(".");
  const [resourceShape = "", resourceName = ""] = grant.resource.split(".");
  const functions = shapes[functionShape]?.functions ?? {};
  const to = functions[functionName.join(".") || "function"];
  const resources = shapes[resourceShape]?.resources ?? {};
  const resource = resources[resourceName];
  const access = resource?.access[grant.access];
  const wrong = (field: keyof GrantDocument, known: readonly string[], shape: string) =>
    new DesignError([
      {
        path: `${path}.${field}`,
        message: `is "${grant[field]}"; allowed: ${known.length === 0 ? `none, ${shape} has none` : known.join(", ")}`,
      },
    ]);
  if (!to) {
    const known = Object.keys(functions).map((name) => `${functionShape}.${name}`);
    throw wrong("function", shapes[functionShape] ? known : Object.keys(shapes), functionShape);
  }
  if (!resource) {
    const known = Object.keys(resources).map((name) => `${resourceShape}.${name}`);
    throw wrong("resource", shapes[resourceShape] ? known : Object.keys(shapes), resourceShape);
  }
  if (!access) throw wrong("access", Object.keys(resource.access), grant.resource);
  to.allow([...access.actions], [...access.on]);
  to.function.addEnvironment(grant.as, resource.name);
}

function capitalised(name: string): string {
  return name
    .split(/[^A-Za-z0-9]+/)
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("");
}
