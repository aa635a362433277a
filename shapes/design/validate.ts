import { Ajv, type ErrorObject } from "ajv";
import { describeJoins } from "../ports/join.ts";
import type { Adapter, Schema } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";
import type { DesignDocument, DesignProblem, JoinDocument } from "./document.ts";
import { FRAME } from "./schema.ts";

/** What is wrong with a document, each with its place; empty where nothing is. */
export function validateDesign(given: unknown): DesignProblem[] {
  const framed = problemsBy(FRAME, given, "$");
  if (framed.length > 0) return framed;
  const document = given as DesignDocument;
  const options = Object.entries(document.shapes).flatMap(([name, { shape, options: of = {} }]) =>
    problemsBy(ADAPTERS[shape]!.options, of, `$.shapes.${name}.options`),
  );
  const joins = (document.joins ?? []).flatMap((join, index) => problemsOfJoin(document, join, `$.joins[${index}]`));
  return [...options, ...joins];
}

function problemsBy(schema: Schema, given: unknown, root: string): DesignProblem[] {
  const ajv = new Ajv({ allErrors: true, verbose: true, strict: false });
  const validate = ajv.compile(schema);
  if (validate(given)) return [];
  const errors = (validate.errors ?? []).filter(({ keyword }) => !["anyOf", "if", "propertyNames"].includes(keyword));
  return errors.map((error) => ({ path: root + pathOf(error), message: messageOf(error) }));
}

function pathOf({ instancePath, keyword, params }: ErrorObject): string {
  const steps = instancePath
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  if (keyword === "additionalProperties") steps.push((params as { additionalProperty: string }).additionalProperty);
  return steps
    .map((step) => (/^\d+$/.test(step) ? `[${step}]` : /^[\w-]+$/.test(step) ? `.${step}` : `['${step}']`))
    .join("");
}

function messageOf({ keyword, params, data, message, parentSchema }: ErrorObject): string {
  const said = JSON.stringify(data);
  switch (keyword) {
    case "additionalProperties":
      return `is not known here; allowed: ${Object.keys((parentSchema as { properties?: object }).properties ?? {}).join(", ")}. Take it out, or correct the name`;
    case "required":
      return `${(params as { missingProperty: string }).missingProperty} is missing; add it`;
    case "enum":
      return `is ${said}; allowed: ${(params as { allowedValues: unknown[] }).allowedValues.join(", ")}`;
    case "type":
      return `is ${said}; allowed: ${(params as { type: string }).type}`;
    default:
      return `is ${said}; it ${message}`;
  }
}

function problemsOfJoin(document: DesignDocument, join: JoinDocument, path: string): DesignProblem[] {
  const from = findPort(document, join.from, "sources");
  const to = findPort(document, join.to, "sinks");
  if ("message" in from) return [{ path: `${path}.from`, message: from.message }];
  if ("message" in to) return [{ path: `${path}.to`, message: to.message }];
  const pair = describeJoins().find((each) => each.from === from.kind && each.to === to.kind)!;
  if ("refused" in pair)
    return [
      {
        path,
        message: `${join.from} (${from.kind}) cannot be joined to ${join.to} (${to.kind}): ${pair.refused}. What works: ${pair.instead}`,
      },
    ];
  return (["filter", "transform"] as const)
    .filter((ability) => join[ability] !== undefined && !pair.can.includes(ability))
    .map((ability) => ({
      path: `${path}.${ability}`,
      message: `the glue of ${from.kind} to ${to.kind}, ${pair.glue}, has no ${ability}; take it out`,
    }));
}

/** Kind of a port that a document names as `shape.port`. */
export function findPort<Side extends "sources" | "sinks">(
  { shapes }: DesignDocument,
  given: string,
  side: Side,
): { kind: Adapter[Side][string] } | { message: string } {
  const at = given.indexOf(".");
  const [name, port] = [given.slice(0, at), given.slice(at + 1)];
  const shape = Object.hasOwn(shapes, name) ? shapes[name] : undefined;
  if (!shape)
    return { message: `is "${given}", but there is no shape "${name}"; there are: ${Object.keys(shapes).join(", ")}` };
  const ports = ADAPTERS[shape.shape]![side];
  const kind = ports[port] ?? ports[port.replace(/:.*/, ":*")];
  if (kind !== undefined) return { kind: kind as Adapter[Side][string] };
  const known = Object.keys(ports).map((each) => `${name}.${each}`);
  const word = side === "sources" ? "source" : "sink";
  return {
    message: `is "${given}", but ${name} (${shape.shape}) has no ${word} "${port}"; ${known.length === 0 ? `it has no ${side}` : `allowed: ${known.join(", ")}`}`,
  };
}
