import { templateError } from "./error.ts";
import { conditional, isIntrinsic, isNoValue, isObject, isTruthy, type Json } from "./json.ts";
import { INTEGRATION } from "./swagger.ts";

export const DEFAULT_PATH = "$default";
export const ANY_METHOD = "x-amazon-apigateway-any-method";
const TITLE = "AWS::StackName";

/** The document that SAM starts from for an HTTP API without one. */
export function emptyOpenApi(): Json {
  return { openapi: "3.0.1", info: { version: "1.0", title: { Ref: TITLE } }, paths: {} };
}

export function isOpenApi(doc: unknown): doc is Json {
  return isObject(doc) && isObject(doc["paths"]) && /^3(\.\d)(\.\d)?$/.test(String(doc["openapi"]));
}

export function httpMethod(method: string): string {
  const name = method.toLowerCase();
  return name === "any" ? ANY_METHOD : name;
}

function alternatives(value: unknown): unknown[] {
  if (!isObject(value) || !("Fn::If" in value)) return [value];
  const choice = value["Fn::If"];
  if (!Array.isArray(choice)) throw templateError("Value of Fn::If must be a list.");
  return choice.slice(1).filter((one) => !isNoValue(one));
}

function dictOf(value: unknown, message: string): Json {
  if (!isObject(value)) throw templateError(message);
  return value;
}

/** Changes the OpenAPI 3 document of an HTTP API in place. */
export class OpenApiEditor {
  readonly paths: Json;

  constructor(readonly doc: Json) {
    if (!isOpenApi(doc))
      throw templateError(
        "Invalid OpenApi document. Invalid values or missing keys for 'openapi' or 'paths' in 'DefinitionBody'.",
      );
    this.paths = doc["paths"] as Json;
  }

  items(path: string): Json[] {
    const message = `Value of '${path}' path must be a dictionary according to Swagger spec.`;
    return alternatives(this.paths[path]).map((item) => dictOf(item, message));
  }

  addPath(path: string, method: string): void {
    this.paths[path] ??= {};
    for (const item of this.items(path)) item[httpMethod(method)] ??= {};
  }

  hasIntegration(path: string, method: string): boolean {
    if (!(path in this.paths)) return false;
    return this.items(path).every((item) =>
      alternatives(item[httpMethod(method)]).some((one) => isObject(one) && isTruthy(one[INTEGRATION])),
    );
  }

  /** The definitions of one method that have an integration. */
  methods(path: string, method: string): Json[] {
    return this.items(path).flatMap((item) => integrated(item[httpMethod(method)]));
  }

  addLambda(path: string, method: string, uri: Json, condition: unknown): void {
    if (this.hasIntegration(path, method)) return;
    this.addPath(path, method);
    const name = httpMethod(method);
    for (const item of this.items(path)) {
      const definition = (item[name] ?? {}) as Json;
      definition[INTEGRATION] = {
        type: "aws_proxy",
        httpMethod: "POST",
        payloadFormatVersion: "2.0",
        uri: condition === undefined ? uri : conditional(condition, uri),
      };
      if (path === DEFAULT_PATH && name === ANY_METHOD) definition["isDefaultRoute"] = true;
      definition["responses"] ??= {};
      item[name] = condition === undefined ? definition : conditional(condition, definition);
    }
  }

  /** Whether the default route goes to the function. */
  goesTo(path: string, method: string, functionId: string): boolean {
    if (!this.hasIntegration(path, method)) return false;
    return this.methods(path, method).every((definition) => {
      const uri = (definition[INTEGRATION] as Json)["uri"];
      return (
        isObject(uri) &&
        alternatives(uri).every((one) => {
          const text = isObject(one) ? String(one["Fn::Sub"] ?? "") : "";
          return /([A-Za-z0-9]+)\.Arn/.exec(text)?.[1] === functionId;
        })
      );
    });
  }

  addPathParameters(path: string, method: string): void {
    const names = [...path.matchAll(/\{(.*?)\}/g)].map(([, name]) => name);
    if (names.length === 0) return;
    for (const definition of this.methods(path, method)) {
      const parameters = (definition["parameters"] ??= []) as Json[];
      for (const name of names) {
        const existing = parameters.find((parameter) => parameter["name"] === name);
        if (existing) Object.assign(existing, { in: "path", required: true });
        else parameters.push({ name, in: "path", required: true });
      }
    }
  }

  setOnIntegration(path: string, method: string, name: string, value: unknown): void {
    for (const definition of this.methods(path, method)) (definition[INTEGRATION] as Json)[name] = value;
  }

  addSecurity(path: string, method: string, security: Json): void {
    for (const definition of this.methods(path, method))
      definition["security"] = [...((definition["security"] as unknown[] | undefined) ?? []), security];
  }

  setDefaultAuthorizer(name: string, scopes: unknown): void {
    for (const path of Object.keys(this.paths))
      for (const item of this.items(path))
        for (const [method, value] of Object.entries(item)) {
          if (method.toLowerCase() === "parameters") continue;
          for (const definition of integrated(value))
            if (!isTruthy(definition["security"])) definition["security"] = [{ [name]: scopes }];
        }
  }

  addSecuritySchemes(schemes: Json): void {
    if (Object.keys(schemes).length === 0) return;
    const components = (this.doc["components"] = (this.doc["components"] || {}) as Json);
    components["securitySchemes"] = { ...(components["securitySchemes"] as Json | undefined), ...schemes };
  }

  addTags(tags: Json): void {
    const list = (this.doc["tags"] ??= []);
    if (!Array.isArray(list)) throw templateError("Tags in OpenApi DefinitionBody needs to be a list.");
    for (const [name, value] of Object.entries(tags)) {
      const existing = (list as Json[]).find((tag) => tag["name"] === name);
      if (existing) existing["x-amazon-apigateway-tag-value"] = value;
      else list.push({ name, "x-amazon-apigateway-tag-value": value });
    }
  }

  addCors(cors: Json): void {
    const key = "x-amazon-apigateway-cors";
    const held = dictOf(this.doc[key] ?? {}, `Value of '${key}' must be a dictionary according to Swagger spec.`);
    this.doc[key] = { ...held, ...corsMembers(cors) };
  }

  disableEndpoint(disabled: unknown): void {
    const key = "x-amazon-apigateway-endpoint-configuration";
    const servers = (this.doc["servers"] ??= [{}]) as Json[];
    for (const server of servers)
      server[key] = { ...(server[key] as Json | undefined), disableExecuteApiEndpoint: disabled };
  }
}

function integrated(value: unknown): Json[] {
  return alternatives(value).filter((one): one is Json => isObject(one) && isTruthy(one[INTEGRATION]));
}

const CORS = ["AllowOrigins", "AllowHeaders", "AllowMethods", "ExposeHeaders", "MaxAge", "AllowCredentials"];

function corsMembers(cors: Json): Json {
  // A function for the whole: its members are renamed wherever they stand in it.
  if (isTruthy(cors["AllowOrigins"]) && isIntrinsic(cors["AllowOrigins"])) {
    let text = JSON.stringify(cors["AllowOrigins"]);
    for (const name of CORS) text = text.replaceAll(name, lowerFirst(name));
    return JSON.parse(text) as Json;
  }
  const members: Json = {};
  for (const name of CORS) {
    const value = cors[name];
    const isGiven =
      name === "MaxAge" ? value !== undefined : name === "AllowCredentials" ? value === true : isTruthy(value);
    if (isGiven) members[lowerFirst(name)] = value;
  }
  return members;
}

function lowerFirst(name: string): string {
  return name[0]!.toLowerCase() + name.slice(1);
}
