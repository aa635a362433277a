import { object, type Schema, TEXT } from "./adapter.ts";
import { ADAPTERS } from "./adapters.ts";

const PORT: Schema = { type: "string", pattern: "^[A-Za-z][\\w-]*\\.[A-Za-z][\\w-]*(:[\\w-]+)?$" };

/** All of a document but the options of its shapes. */
export const FRAME: Schema = object(
  {
    $schema: { type: "string" },
    name: {
      type: "string",
      pattern: "^[A-Za-z][A-Za-z0-9-]{0,99}$",
      description: "Name of the application and its stack",
    },
    description: { type: "string" },
    shapes: {
      type: "object",
      minProperties: 1,
      propertyNames: { pattern: "^[A-Za-z][\\w-]*$" },
      additionalProperties: object({ shape: { enum: Object.keys(ADAPTERS) }, options: { type: "object" } }, ["shape"]),
    },
    joins: {
      type: "array",
      items: object(
        {
          from: { ...PORT, description: "Shape and source, e.g. orders.tableChanges" },
          to: { ...PORT, description: "Shape and sink, e.g. approvals.workflow" },
          filter: { type: "object", description: "Event pattern on the body of what happens" },
          transform: { description: "What the sink gets: constants and paths such as $.id" },
        },
        ["from", "to"],
      ),
    },
    grants: {
      type: "array",
      items: object(
        {
          function: { ...TEXT, description: "Shape and function, e.g. decided.billing" },
          resource: { ...TEXT, description: "Shape and resource, e.g. orders.table" },
          access: { ...TEXT, description: "e.g. read, write, readWrite, send, publish" },
          as: { type: "string", pattern: "^[A-Z][A-Z0-9_]*$", description: "Environment variable with its name" },
        },
        ["function", "resource", "access", "as"],
      ),
    },
  },
  ["name", "shapes"],
);

/** The schema for editors: the frame, and for each shape its options. */
export function designSchema(): Schema {
  const properties = FRAME["properties"] as Record<string, Schema>;
  const shapes = properties["shapes"]!;
  const shape = shapes["additionalProperties"] as Schema;
  return {
    $schema: "http://json-schema.org/draft-07/schema#",
    title: "Katachi design",
    ...FRAME,
    properties: {
      ...properties,
      shapes: {
        ...shapes,
        additionalProperties: {
          ...shape,
          allOf: Object.entries(ADAPTERS).map(([name, { options }]) => ({
            if: { properties: { shape: { const: name } }, required: ["shape"] },
            // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema calls it so.
            then: { properties: { options } },
          })),
        },
      },
    },
  };
}
