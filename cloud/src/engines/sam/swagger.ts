import { SamError, templateError } from "./error.ts";
import { isObject } from "./json.ts";
import { PythonDict, textOf, Unicode, type PlainDict, type PythonList, type PythonValue } from "./python-dict.ts";

export const INTEGRATION = "x-amazon-apigateway-integration";
const ANY_METHOD = "x-amazon-apigateway-any-method";
const NO_METHODS = new Set(["summary", "description", "parameters"]);
type Name = string | Unicode;

/** The document that SAM starts from for an API without one. */
export function emptySwagger(): PythonDict {
  const doc = new PythonDict();
  doc.set("swagger", "2.0");
  const info = new PythonDict();
  doc.set("info", info);
  info.set("version", "1.0");
  info.set("title", { Ref: "AWS::StackName" });
  doc.set("paths", new PythonDict());
  return doc;
}

export function isOpenApi3(version: unknown): boolean {
  return /^3(\.\d)(\.\d)?$/.test(textOf(version) ?? String(version));
}

export function isSwagger(doc: unknown): doc is PythonDict {
  if (!(doc instanceof PythonDict) || !(doc.get("paths") instanceof PythonDict)) return false;
  if (isSet(doc.get("swagger"))) return true;
  return isSet(doc.get("openapi")) && isOpenApi3(doc.get("openapi"));
}

function isSet(value: PythonValue | undefined): boolean {
  return value !== undefined && value !== null && value !== "" && textOf(value) !== "";
}

/** A member of a dictionary of either kind. */
export function member(value: unknown, name: string): PythonValue | undefined {
  if (value instanceof PythonDict) return value.get(name);
  return isObject(value) && !(value instanceof Unicode) ? (value as PlainDict)[name] : undefined;
}

/** A method's name as documents have it, of the same kind of string. */
export function methodName(method: Name): Name {
  const text = textOf(method)!.toLowerCase();
  if (text === "any") return ANY_METHOD;
  return method instanceof Unicode ? new Unicode(text) : text;
}

/** What stands under an `Fn::If`, or the value itself. */
function alternatives(value: PythonValue | undefined): PythonValue[] {
  const choice = member(value, "Fn::If");
  if (choice === undefined) return value === undefined ? [] : [value];
  if (!Array.isArray(choice)) throw templateError("Value of Fn::If must be a list.");
  return choice.slice(1).filter((one) => textOf(member(one, "Ref")) !== "AWS::NoValue");
}

function asDict(value: PythonValue, message: string): PythonDict {
  if (!(value instanceof PythonDict)) throw templateError(message);
  return value;
}

/** `Fn::If` around a part of a document. */
export function conditionalPart(condition: Name, value: PythonValue): PlainDict {
  return { "Fn::If": [condition, value, { Ref: "AWS::NoValue" }] };
}

/** Changes a Swagger 2 (or OpenAPI 3) document. It works on a copy; `done` gives a copy of the result. */
export class SwaggerEditor {
  readonly doc: PythonDict;
  readonly paths: PythonDict;
  #security: PythonDict;
  #gatewayResponses: PythonDict;
  #definitions: PythonDict;

  constructor(doc: PythonDict | undefined) {
    if (!isSwagger(doc))
      throw new SamError(
        "Structure of the SAM template is invalid. Invalid Swagger document or the Swagger document is not explicitly defined in 'DefinitionBody'.",
      );
    this.doc = doc.copy();
    this.paths = this.doc.get("paths") as PythonDict;
    this.#security = this.#part("securityDefinitions");
    this.#gatewayResponses = this.#part("x-amazon-apigateway-gateway-responses");
    this.#definitions = this.#part("definitions");
    for (const path of this.paths.names()) this.items(path);
  }

  #part(name: string): PythonDict {
    const part = this.doc.get(name);
    return part instanceof PythonDict ? part : new PythonDict();
  }

  done(): PythonDict {
    this.doc.set("paths", this.paths);
    const parts = [
      ["securityDefinitions", this.#security],
      ["x-amazon-apigateway-gateway-responses", this.#gatewayResponses],
      ["definitions", this.#definitions],
    ] as const;
    for (const [name, part] of parts) if (part.size > 0) this.doc.set(name, part);
    return this.doc.copy();
  }

  /** The path items of a path: one, or those of both cases of a condition. */
  items(path: string): PythonDict[] {
    const message = `Value of '${path}' path must be a dictionary according to Swagger spec.`;
    return alternatives(this.paths.get(path)).map((item) => asDict(item, message));
  }

  addPath(path: Name, method: Name): void {
    this.paths.setDefault(path, new PythonDict());
    for (const item of this.items(textOf(path)!)) item.setDefault(methodName(method), new PythonDict());
  }

  hasIntegration(path: string, method: Name): boolean {
    const name = textOf(methodName(method))!;
    if (!this.paths.has(path)) return false;
    return this.items(path).every((item) =>
      alternatives(item.get(name)).some((definition) => isObject(member(definition, INTEGRATION))),
    );
  }

  makeConditional(path: string, condition: Name): void {
    this.paths.set(path, conditionalPart(condition, this.paths.get(path)!));
  }

  /** The definitions of one method that have an integration. */
  methods(path: string, method: Name): PythonDict[] {
    const name = textOf(methodName(method))!;
    return this.items(path).flatMap((item) => integrated(item.get(name), path, name));
  }

  /** Every method of a path that has an integration, with its name. */
  allMethods(path: string): [string, PythonDict][] {
    return this.items(path).flatMap((item) =>
      item.names().flatMap((name) => {
        if (NO_METHODS.has(name)) return [];
        const normal = textOf(methodName(name))!;
        return integrated(item.get(name), path, name).map((definition): [string, PythonDict] => [normal, definition]);
      }),
    );
  }

  addSecurityDefinition(name: Name, definition: PythonValue): void {
    this.#security.set(name, definition);
  }

  /** Adds a definition that is SAM's own, unless there is one. */
  ensureSecurityDefinition(name: string, members: readonly (readonly [string, string])[]): void {
    if (this.#security.has(name)) return;
    const definition = new PythonDict();
    for (const [key, value] of members) definition.set(key, value);
    this.#security.update([[name, definition]]);
  }

  addGatewayResponse(name: Name, response: PythonDict): void {
    this.#gatewayResponses.set(name, response);
  }

  addModel(name: string, schema: PythonValue): void {
    if (!isSet(member(schema, "type"))) throw templateError("'Models' schema is missing 'type'.");
    this.#definitions.set(new Unicode(name.toLowerCase()), schema);
  }

  addValidator(path: string, method: Name, body: boolean, parameters: boolean): void {
    const name = body ? (parameters ? "body-and-params" : "body-only") : parameters ? "params-only" : "no-validation";
    const definition = new PythonDict();
    definition.set("validateRequestBody", body);
    definition.set("validateRequestParameters", parameters);
    const key = "x-amazon-apigateway-request-validators";
    const held = this.doc.get(key);
    const validators = held instanceof PythonDict && held.size > 0 ? held : new PythonDict();
    this.doc.set(key, validators);
    if (!validators.has(name)) validators.update([[name, definition]]);
    for (const one of this.methods(path, method)) one.update([["x-amazon-apigateway-request-validator", name]]);
  }

  addRequestModel(path: string, method: Name, model: string, required: unknown): void {
    const name = new Unicode(model.toLowerCase());
    for (const definition of this.methods(path, method)) {
      if (this.doc.has("swagger")) {
        const parameter = new PythonDict();
        parameter.set("in", "body");
        parameter.set("name", name);
        parameter.set("schema", { $ref: `#/definitions/${name.text}` });
        if (required !== undefined) parameter.set("required", required as boolean);
        definition.set("parameters", [...listOf(definition, "parameters"), parameter]);
      } else if (isOpenApi3(this.doc.get("openapi"))) {
        const schema = { schema: { $ref: `#/components/schemas/${name.text}` } };
        const body: PlainDict = { content: { "application/json": schema } };
        if (required !== undefined) body["required"] = required as boolean;
        definition.set("requestBody", body);
      }
    }
  }

  addRequestParameters(path: string, method: Name, asked: readonly RequestParameter[]): void {
    for (const definition of this.methods(path, method)) {
      const parameters = [...listOf(definition, "parameters")];
      for (const { name, required, caching } of asked) {
        const place = name.text.replace("method.request.", "");
        const dot = place.indexOf(".");
        const where = place.slice(0, dot);
        const parameter = new PythonDict();
        parameter.set("in", where === "querystring" ? "query" : new Unicode(where));
        parameter.set("name", new Unicode(place.slice(dot + 1)));
        parameter.set("required", required);
        parameter.set("type", "string");
        parameters.push(parameter);
        if (!caching) continue;
        const integration = definition.get(INTEGRATION) as PythonDict;
        integration.set("cacheKeyParameters", [...listOf(integration, "cacheKeyParameters"), name]);
      }
      definition.set("parameters", parameters);
    }
  }

  setTimeout(path: string, method: Name, timeout: PythonValue): void {
    for (const definition of this.methods(path, method))
      (definition.get(INTEGRATION) as PythonDict).set("timeoutInMillis", timeout);
  }
}

export interface RequestParameter {
  readonly name: Unicode;
  readonly required: boolean;
  readonly caching: boolean;
}

function integrated(value: PythonValue | undefined, path: string, method: string): PythonDict[] {
  const message = `Definition of method '${method}' for path '${path}' should be a map.`;
  return alternatives(value)
    .map((definition) => asDict(definition, message))
    .filter((definition) => {
      const integration = definition.get(INTEGRATION);
      return integration instanceof PythonDict ? integration.size > 0 : isObject(integration);
    });
}

function listOf(dict: PythonDict, name: string): PythonList {
  const held = dict.get(name);
  return Array.isArray(held) ? held : [];
}
