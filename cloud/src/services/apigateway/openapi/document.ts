import { parseDocument } from "yaml";
import { textOf, treeOf, type Tree } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";
import { readMethod, type MethodDefinition } from "./methods.ts";
import { readSchemes, type Scheme } from "./security.ts";

/**
 * An OpenAPI document, 2.0 or 3.0, as the definition of a REST API.
 * AWS: "Develop REST APIs using OpenAPI in API Gateway", "OpenAPI extensions for API Gateway".
 */
export interface ApiDefinition {
  readonly name: string;
  readonly description: string | undefined;
  readonly version: string | undefined;
  readonly apiKeySource: "HEADER" | "AUTHORIZER" | undefined;
  readonly binaryMediaTypes: string[] | undefined;
  readonly minimumCompressionSize: number | undefined;
  readonly disableExecuteApiEndpoint: boolean | undefined;
  /** JSON text. */
  readonly policy: string | undefined;
  readonly endpointTypes: string[] | undefined;
  readonly vpcEndpointIds: string[] | undefined;
  readonly tags: Record<string, string> | undefined;
  readonly schemes: ReadonlyMap<string, Scheme>;
  /** Schemas by name. */
  readonly models: ReadonlyMap<string, Tree>;
  readonly validators: ReadonlyMap<string, { validateRequestBody: boolean; validateRequestParameters: boolean }>;
  readonly gatewayResponses: ReadonlyMap<string, Tree>;
  /** By path, e.g. `/orders/{id}`. */
  readonly paths: ReadonlyMap<string, readonly MethodDefinition[]>;
  readonly warnings: readonly string[];
}

export type BasePath = "ignore" | "prepend" | "split";

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "x-amazon-apigateway-any-method"];

/** @throws AwsError BadRequestException for what is no OpenAPI document */
export function readDefinition(text: string, basePath: BasePath): ApiDefinition {
  const document = parse(text);
  const info = treeOf(document["info"]);
  const endpoint = treeOf(document["x-amazon-apigateway-endpoint-configuration"]);
  const inServer = serverEndpoint(document);
  const disabled = inServer["disableExecuteApiEndpoint"] ?? endpoint["disableExecuteApiEndpoint"];
  const warnings: string[] = [];
  if (document["x-amazon-apigateway-documentation"] !== undefined)
    warnings.push("Ignoring x-amazon-apigateway-documentation: Katachi does not keep the documentation of APIs");
  const schemes = readSchemes(document);
  for (const [name, { kind }] of schemes)
    if (kind === "none") warnings.push(`Ignoring the security scheme ${name}: it names no authorizer`);
  const size = document["x-amazon-apigateway-minimum-compression-size"];
  const policy = document["x-amazon-apigateway-policy"];
  const types = endpoint["types"];
  return {
    name: textOf(info["title"]) ?? "",
    description: textOf(info["description"]),
    version: textOf(info["version"]),
    apiKeySource: textOf(
      document["x-amazon-apigateway-api-key-source"],
    )?.toUpperCase() as ApiDefinition["apiKeySource"],
    binaryMediaTypes: listOfTexts(document["x-amazon-apigateway-binary-media-types"]),
    minimumCompressionSize: size === undefined || size === null ? undefined : Number(size),
    disableExecuteApiEndpoint: disabled === undefined ? undefined : disabled === true || disabled === "true",
    policy: policy === undefined ? undefined : typeof policy === "string" ? policy : JSON.stringify(policy),
    endpointTypes: listOfTexts(types),
    vpcEndpointIds: listOfTexts(inServer["vpcEndpointIds"] ?? endpoint["vpcEndpointIds"]),
    tags: readTags(document["tags"]),
    schemes,
    models: new Map(
      Object.entries({ ...treeOf(document["definitions"]), ...treeOf(treeOf(document["components"])["schemas"]) }).map(
        ([name, schema]) => [name, treeOf(schema)],
      ),
    ),
    validators: readValidators(document),
    gatewayResponses: new Map(
      Object.entries(treeOf(document["x-amazon-apigateway-gateway-responses"])).map(([type, one]) => [
        type,
        treeOf(one),
      ]),
    ),
    paths: readPaths(document, schemes, prefixOf(document, basePath)),
    warnings,
  };
}

function listOfTexts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.map(String) : undefined;
}

/** AWS: "x-amazon-apigateway-tag-value property". */
function readTags(tags: unknown): Record<string, string> | undefined {
  const found = (Array.isArray(tags) ? tags.map(treeOf) : []).flatMap((tag): [string, string][] => {
    const [name, value] = [textOf(tag["name"]), textOf(tag["x-amazon-apigateway-tag-value"])];
    return name === undefined || value === undefined ? [] : [[name, value]];
  });
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function parse(text: string): Tree {
  const parsed = parseDocument(text, { merge: true });
  if (parsed.errors.length > 0)
    throw badRequest(`Unable to parse API definition because of a malformed document: ${parsed.errors[0]!.message}`);
  const document = treeOf(parsed.toJS());
  const { swagger, openapi } = document;
  const isKnown = String(swagger) === "2.0" || (typeof openapi === "string" && openapi.startsWith("3.0"));
  if (!isKnown) throw badRequest("Invalid OpenAPI input. Please provide a valid OpenAPI 2.0 or 3.0 definition.");
  return document;
}

function readValidators(document: Tree): ApiDefinition["validators"] {
  return new Map(
    Object.entries(treeOf(document["x-amazon-apigateway-request-validators"])).map(([name, value]) => {
      const { validateRequestBody, validateRequestParameters } = treeOf(value);
      return [
        name,
        {
          validateRequestBody: validateRequestBody === true,
          validateRequestParameters: validateRequestParameters === true,
        },
      ];
    }),
  );
}

function serverEndpoint(document: Tree): Tree {
  const servers = Array.isArray(document["servers"]) ? document["servers"].map(treeOf) : [];
  return treeOf(
    servers.map((server) => server["x-amazon-apigateway-endpoint-configuration"]).find((found) => found !== undefined),
  );
}

/** AWS: "API Gateway basePath property": ignored, put before every path, or all but its first part is. */
function prefixOf(document: Tree, basePath: BasePath): string {
  if (basePath === "ignore") return "";
  const server = Array.isArray(document["servers"]) ? treeOf(document["servers"][0]) : {};
  const filled = (textOf(server["url"]) ?? "").replace(
    /\{([^}]+)\}/g,
    (_, name: string) => textOf(treeOf(treeOf(server["variables"])[name])["default"]) ?? "",
  );
  const path = (textOf(document["basePath"]) ?? filled.replace(/^[a-z]+:\/\/[^/]*/i, "")).replace(/\/$/, "");
  return basePath === "prepend" ? path : path.replace(/^\/[^/]+/, "");
}

function readPaths(document: Tree, schemes: ReadonlyMap<string, Scheme>, prefix: string): ApiDefinition["paths"] {
  const paths = new Map<string, readonly MethodDefinition[]>();
  for (const [path, value] of Object.entries(treeOf(document["paths"]))) {
    const item = treeOf(value);
    if (!path.startsWith("/")) throw badRequest(`Invalid OpenAPI input: ${path} is not a valid path`);
    const methods = METHODS.filter((method) => item[method] !== undefined).map((method) =>
      readMethod({ document, schemes, item, path }, method),
    );
    const full = `${prefix}${path}`.replace(/(?<=.)\/$/, "");
    paths.set(full, methods);
  }
  return paths;
}
