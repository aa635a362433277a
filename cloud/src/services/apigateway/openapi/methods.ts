import { listOf, textOf, treeOf, type Tree } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";
import { readIntegration, type IntegrationDefinition } from "./integrations.ts";
import { resolved } from "./reference.ts";
import type { Scheme } from "./security.ts";

export interface MethodDefinition {
  /** `GET`, …, `ANY`. */
  readonly httpMethod: string;
  readonly operationName: string | undefined;
  readonly authorizationType: "NONE" | "AWS_IAM" | "CUSTOM" | "COGNITO_USER_POOLS";
  /** Name of the authorizer's scheme. */
  readonly authorizer: string | undefined;
  readonly authorizationScopes: string[] | undefined;
  readonly apiKeyRequired: boolean;
  readonly requestParameters: Record<string, boolean> | undefined;
  /** Schemas by content type. */
  readonly requestModels: ReadonlyMap<string, Tree>;
  readonly validator: string | undefined;
  readonly responses: readonly ResponseDefinition[];
  readonly integration: IntegrationDefinition | undefined;
}

export interface ResponseDefinition {
  readonly statusCode: string;
  readonly responseParameters: Record<string, boolean> | undefined;
  readonly responseModels: ReadonlyMap<string, Tree>;
}

export interface PathContext {
  readonly document: Tree;
  readonly schemes: ReadonlyMap<string, Scheme>;
  readonly item: Tree;
  readonly path: string;
}

/** @throws AwsError BadRequestException */
export function readMethod(context: PathContext, name: string): MethodDefinition {
  const { document, item, path } = context;
  const operation = treeOf(item[name]);
  const parameters = [...listOfTrees(document, item["parameters"]), ...listOfTrees(document, operation["parameters"])];
  return {
    httpMethod: name === "x-amazon-apigateway-any-method" ? "ANY" : name.toUpperCase(),
    operationName: textOf(operation["operationId"]),
    ...readSecurity(context, operation),
    requestParameters: readParameters(parameters),
    requestModels: readRequestModels(document, operation, parameters),
    validator: textOf(
      operation["x-amazon-apigateway-request-validator"] ?? document["x-amazon-apigateway-request-validator"],
    ),
    responses: readResponses(document, operation),
    integration: readIntegration(document, operation["x-amazon-apigateway-integration"], path),
  };
}

function listOfTrees(document: Tree, value: unknown): Tree[] {
  return Array.isArray(value) ? value.map((one) => resolved(document, one)) : [];
}

const PLACES: Readonly<Record<string, string>> = { path: "path", query: "querystring", header: "header" };

function readParameters(parameters: readonly Tree[]): Record<string, boolean> | undefined {
  const found = parameters.flatMap((parameter): [string, boolean][] => {
    const place = PLACES[textOf(parameter["in"]) ?? ""];
    return place === undefined
      ? []
      : [[`method.request.${place}.${textOf(parameter["name"])}`, parameter["required"] === true]];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function readRequestModels(document: Tree, operation: Tree, parameters: readonly Tree[]): ReadonlyMap<string, Tree> {
  const models = new Map<string, Tree>();
  const body = parameters.find((parameter) => parameter["in"] === "body");
  if (body?.["schema"] !== undefined) {
    const types = listOf(operation["consumes"] ?? document["consumes"]) ?? ["application/json"];
    for (const type of types) models.set(type, treeOf(body["schema"]));
  }
  for (const [type, media] of Object.entries(treeOf(resolved(document, operation["requestBody"])["content"])))
    if (treeOf(media)["schema"] !== undefined) models.set(type, treeOf(treeOf(media)["schema"]));
  return models;
}

function readResponses(document: Tree, operation: Tree): ResponseDefinition[] {
  return Object.entries(treeOf(operation["responses"]))
    .filter(([statusCode]) => /^\d{3}$/.test(statusCode))
    .map(([statusCode, value]) => {
      const response = resolved(document, value);
      const headers = Object.keys(treeOf(response["headers"]));
      const responseModels = new Map<string, Tree>();
      if (response["schema"] !== undefined)
        for (const type of listOf(operation["produces"] ?? document["produces"]) ?? ["application/json"])
          responseModels.set(type, treeOf(response["schema"]));
      for (const [type, media] of Object.entries(treeOf(response["content"])))
        if (treeOf(media)["schema"] !== undefined) responseModels.set(type, treeOf(treeOf(media)["schema"]));
      return {
        statusCode,
        responseModels,
        responseParameters:
          headers.length > 0
            ? Object.fromEntries(headers.map((name) => [`method.response.header.${name}`, false]))
            : undefined,
      };
    });
}

type Security = Pick<MethodDefinition, "authorizationType" | "authorizer" | "authorizationScopes" | "apiKeyRequired">;

function readSecurity({ document, schemes }: PathContext, operation: Tree): Security {
  const auth = textOf(treeOf(operation["x-amazon-apigateway-auth"])["type"])?.toUpperCase();
  let security: Security = {
    authorizationType: auth === "AWS_IAM" ? "AWS_IAM" : "NONE",
    authorizer: undefined,
    authorizationScopes: undefined,
    apiKeyRequired: false,
  };
  const requirements = operation["security"] ?? document["security"];
  for (const requirement of Array.isArray(requirements) ? requirements : [])
    for (const [name, scopes] of Object.entries(treeOf(requirement))) {
      const scheme = schemes.get(name);
      // SAM writes `NONE` for methods that no default authorizer guards.
      if (!scheme && name !== "NONE") throw badRequest(`Unable to find the security scheme ${name}`);
      if (scheme?.kind === "apiKey") security = { ...security, apiKeyRequired: true };
      if (scheme?.kind === "iam") security = { ...security, authorizationType: "AWS_IAM" };
      if (scheme?.kind === "authorizer" && auth !== "NONE")
        security = { ...security, ...authorizedBy(name, scheme.authorizer.type, listOf(scopes) ?? []) };
    }
  return security;
}

function authorizedBy(name: string, type: string, scopes: string[]): Partial<Security> {
  return {
    authorizationType: type === "COGNITO_USER_POOLS" ? "COGNITO_USER_POOLS" : "CUSTOM",
    authorizer: name,
    authorizationScopes: scopes.length > 0 ? scopes : undefined,
  };
}
