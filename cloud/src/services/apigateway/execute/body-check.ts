import type { ModelRecord } from "../state.ts";

/** What is wrong with a body, as `$context.error.validationErrorString` says it; undefined where nothing is. */
export type BodyCheck = (body: string) => string | undefined;

interface ModelSchema {
  readonly name: string;
  readonly schema: object;
}

type Validate = ((value: unknown) => boolean) & { errors?: { message?: string; instancePath: string }[] | null };
type AjvClass = new (options: object) => {
  addSchema(schema: object, key: string): unknown;
  getSchema(key: string): unknown;
};

let Ajv: AjvClass | undefined;

/** Loads the validator once, when the first API that checks bodies is served. */
export async function loadValidator(): Promise<void> {
  if (Ajv) return;
  const module = (await import("ajv-draft-04")) as unknown as { default: AjvClass | { default: AjvClass } };
  Ajv = "default" in module.default ? module.default.default : module.default;
}

/**
 * The check of a body against a model: JSON schema draft 4; models name each other by their addresses,
 * `https://apigateway.amazonaws.com/restapis/API/models/NAME`.
 * `loadValidator` must have been awaited.
 */
export function compileBodyCheck(models: readonly ModelRecord[], name: string): BodyCheck | undefined {
  const schemas = models.flatMap((model): ModelSchema[] => {
    const schema = parse(model.schema ?? "");
    return typeof schema === "object" && schema !== null ? [{ name: model.name, schema }] : [];
  });
  if (!schemas.some((schema) => schema.name === name)) return undefined;
  const ajv = new Ajv!({ strict: false, allErrors: true, logger: false, validateFormats: false });
  for (const { name: key, schema } of schemas) {
    const { $schema: _, id: __, ...rest } = renamed(schema) as Record<string, unknown>;
    ajv.addSchema(rest, key);
  }
  let validate: Validate | undefined;
  return (body) => {
    validate ??= ajv.getSchema(name) as Validate;
    const value = parse(body);
    if (value === undefined) return "Invalid JSON";
    if (validate(value)) return undefined;
    return `[${(validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`.trim()).join(", ")}]`;
  };
}

/** References to other models, made short. */
function renamed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(renamed);
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string"
        ? value.replace(/^https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/]+\/models\//, "")
        : renamed(value),
    ]),
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
