import type { Authorizer, Cors, Integration, Route } from "@aws-sdk/client-apigatewayv2";
import { parseDocument } from "yaml";
import { badRequest } from "../errors.ts";
import { findRouteKey } from "../../../gateway/route-key.ts";
import { readAuthorizer, type Scheme } from "./authorizers.ts";
import { readIntegration } from "./integrations.ts";
import { defined, listOf, textOf, treeOf, type Tree } from "../../../gateway/tree.ts";

/**
 * An OpenAPI 3 document as the definition of an HTTP API.
 * AWS: "Working with OpenAPI definitions for HTTP APIs", "OpenAPI extensions for API Gateway".
 */
export interface ApiDefinition {
  readonly name: string;
  readonly description: string | undefined;
  readonly version: string | undefined;
  readonly cors: Cors | undefined;
  readonly tags: Record<string, string> | undefined;
  readonly disableExecuteApiEndpoint: boolean | undefined;
  readonly authorizers: readonly Partial<Authorizer>[];
  readonly routes: readonly RouteDefinition[];
  /** What the document says that is not honoured; with `FailOnWarnings` the import fails. */
  readonly warnings: readonly string[];
}

export interface RouteDefinition {
  readonly route: Partial<Route> & { RouteKey: string };
  /** Name of the authorizer, where the route has one. */
  readonly authorizer: string | undefined;
  readonly integration: Partial<Integration> | undefined;
}

export type BasePath = "ignore" | "prepend" | "split";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/** @throws AwsError BadRequestException for what is no OpenAPI 3 document */
export function readDefinition(text: string, basePath: BasePath): ApiDefinition {
  const document = parse(text);
  const warnings: string[] = [];
  const info = treeOf(document["info"]);
  const components = treeOf(document["components"]);
  const schemes = Object.entries(treeOf(components["securitySchemes"])).map(([name, scheme]) =>
    readAuthorizer(name, treeOf(scheme)),
  );
  return {
    name: textOf(info["title"]) ?? "",
    description: textOf(info["description"]),
    version: textOf(info["version"]),
    cors: readCors(treeOf(document["x-amazon-apigateway-cors"])),
    tags: readTags(document["tags"]),
    disableExecuteApiEndpoint: readDisabled(document),
    authorizers: schemes.flatMap(({ authorizer }) => (authorizer ? [authorizer] : [])),
    routes: readRoutes(
      document,
      new Map(schemes.map((scheme) => [scheme.name, scheme])),
      prefixOf(document, basePath),
      warnings,
    ),
    warnings,
  };
}

function parse(text: string): Tree {
  const parsed = parseDocument(text, { merge: true });
  if (parsed.errors.length > 0)
    throw badRequest(`Unable to parse API definition because of a malformed document: ${parsed.errors[0]!.message}`);
  const document: unknown = parsed.toJS();
  if (typeof document !== "object" || document === null || Array.isArray(document))
    throw badRequest("Invalid OpenAPI input.");
  const { openapi, swagger } = document as Tree;
  if (swagger !== undefined) throw badRequest("Invalid OpenAPI input: HTTP APIs support OpenAPI 3.0 definitions only");
  if (typeof openapi !== "string" || !openapi.startsWith("3."))
    throw badRequest("Invalid OpenAPI input: unsupported or missing openapi version");
  if (typeof treeOf((document as Tree)["info"])["title"] !== "string")
    throw badRequest("Invalid OpenAPI input: attribute info.title is missing");
  return document as Tree;
}

function readCors(cors: Tree): Cors | undefined {
  if (Object.keys(cors).length === 0) return undefined;
  return defined({
    AllowOrigins: listOf(cors["allowOrigins"]),
    AllowMethods: listOf(cors["allowMethods"]),
    AllowHeaders: listOf(cors["allowHeaders"]),
    ExposeHeaders: listOf(cors["exposeHeaders"]),
    MaxAge: cors["maxAge"] === undefined ? undefined : Number(cors["maxAge"]),
    AllowCredentials: cors["allowCredentials"] === undefined ? undefined : cors["allowCredentials"] === true,
  });
}

function readTags(tags: unknown): Record<string, string> | undefined {
  if (!Array.isArray(tags)) return undefined;
  const values = tags
    .map(treeOf)
    .map((tag) => [textOf(tag["name"]), textOf(tag["x-amazon-apigateway-tag-value"])] as const);
  const given = values.filter((tag): tag is [string, string] => tag[0] !== undefined && tag[1] !== undefined);
  return given.length > 0 ? Object.fromEntries(given) : undefined;
}

function readDisabled(document: Tree): boolean | undefined {
  const configuration = treeOf(document["x-amazon-apigateway-endpoint-configuration"]);
  const inServers = Array.isArray(document["servers"])
    ? document["servers"]
        .map((server) => treeOf(treeOf(server)["x-amazon-apigateway-endpoint-configuration"]))
        .find((found) => "disableExecuteApiEndpoint" in found)
    : undefined;
  const value = (inServers ?? configuration)["disableExecuteApiEndpoint"];
  return typeof value === "boolean" ? value : undefined;
}

/** AWS: "API Gateway basePath property": a path in the server's URL is ignored, put before every route, or all but its first part is. */
function prefixOf(document: Tree, basePath: BasePath): string {
  if (basePath === "ignore" || !Array.isArray(document["servers"])) return "";
  const url = textOf(treeOf(document["servers"][0])["url"]) ?? "";
  const variables = treeOf(treeOf(document["servers"][0])["variables"]);
  const filled = url.replace(/\{([^}]+)\}/g, (_, name: string) => textOf(treeOf(variables[name])["default"]) ?? "");
  const path = filled.replace(/^[a-z]+:\/\/[^/]*/i, "").replace(/\/$/, "");
  return basePath === "prepend" ? path : path.replace(/^\/[^/]+/, "");
}

function readRoutes(
  document: Tree,
  schemes: ReadonlyMap<string, Scheme>,
  prefix: string,
  warnings: string[],
): RouteDefinition[] {
  const routes: RouteDefinition[] = [];
  for (const [path, item] of Object.entries(treeOf(document["paths"])))
    for (const method of METHODS) {
      const operation = treeOf(item)[method];
      if (operation !== undefined)
        routes.push(readRoute(document, { path, method, prefix }, treeOf(operation), schemes, warnings));
    }
  return routes;
}

function readRoute(
  document: Tree,
  at: { path: string; method: string; prefix: string },
  operation: Tree,
  schemes: ReadonlyMap<string, Scheme>,
  warnings: string[],
): RouteDefinition {
  const verb = at.method === "x-amazon-apigateway-any-method" ? "ANY" : at.method.toUpperCase();
  const isDefault = at.path === "/$default" || operation["isDefaultRoute"] === true;
  const RouteKey = isDefault ? "$default" : `${verb} ${at.prefix}${at.path}`;
  if (!isDefault && !findRouteKey(RouteKey)) throw badRequest(`Invalid OpenAPI input: ${at.path} is not a valid path`);
  for (const name of ["x-amazon-apigateway-request-validator"])
    if (name in operation) warnings.push(`Ignoring ${name} on ${RouteKey}: it is not supported for HTTP APIs`);
  const security = readSecurity(operation["security"] ?? document["security"], schemes, RouteKey);
  const isIam =
    security?.scheme.authorizationType === "AWS_IAM" ||
    treeOf(operation["x-amazon-apigateway-auth"])["type"] === "AWS_IAM";
  const type = isIam ? "AWS_IAM" : (security?.scheme.authorizationType ?? "NONE");
  return {
    route: defined({
      RouteKey,
      OperationName: textOf(operation["operationId"]),
      AuthorizationType: type,
      AuthorizationScopes: type === "JWT" && security!.scopes.length > 0 ? security!.scopes : undefined,
    }),
    authorizer: isIam ? undefined : security?.scheme.authorizer?.Name,
    integration: readIntegration(
      operation["x-amazon-apigateway-integration"],
      treeOf(document["components"]),
      RouteKey,
    ),
  };
}

/** The first security requirement that names an authorizer; the others cannot be met by an HTTP API. */
function readSecurity(security: unknown, schemes: ReadonlyMap<string, Scheme>, routeKey: string) {
  if (!Array.isArray(security)) return undefined;
  for (const requirement of security)
    for (const [name, scopes] of Object.entries(treeOf(requirement))) {
      const scheme = schemes.get(name);
      if (!scheme) throw badRequest(`Invalid OpenAPI input: the security scheme ${name} of ${routeKey} is not defined`);
      if (scheme.authorizationType !== undefined) return { scheme, scopes: listOf(scopes) ?? [] };
    }
  return undefined;
}
