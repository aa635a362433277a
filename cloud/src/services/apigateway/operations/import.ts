import type { GatewayResponseType, RestApi } from "@aws-sdk/client-api-gateway";
import type { Input } from "../../../aws/api-types.ts";
import { defined, textOf, type Tree } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi } from "../lookup.ts";
import { readDefinition, type ApiDefinition, type BasePath } from "../openapi/document.ts";
import { textMap } from "../openapi/integrations.ts";
import type { MethodDefinition } from "../openapi/methods.ts";
import type { ApiRecord, ResourceRecord } from "../state.ts";
import { createRestApi, describe, refuseSettings, updateApi } from "./apis.ts";
import { addAuthorizer } from "./authorizers.ts";
import { keep as keepGatewayResponse } from "./gateway-responses.ts";
import { putIntegration, putIntegrationResponse } from "./integrations.ts";
import { putMethod, putMethodResponse } from "./methods.ts";
import { addModel } from "./models.ts";
import { addResource } from "./resources.ts";
import { addValidator } from "./validators.ts";

export function importRestApi(cx: Cx, input: Input<"apigateway", "ImportRestApi">): RestApi {
  const definition = definitionOf(input);
  const types = input.parameters?.["endpointConfigurationTypes"]?.split(",") ?? definition.endpointTypes;
  const { id } = createRestApi(cx, {
    name: definition.name,
    ...(types ? { endpointConfiguration: { types: types as ("EDGE" | "REGIONAL")[] } } : {}),
  });
  return put(cx, getApi(cx, id), definition, "overwrite");
}

export function putRestApi(cx: Cx, input: Input<"apigateway", "PutRestApi">): RestApi {
  const api = getApi(cx, input.restApiId);
  return put(cx, api, definitionOf(input), input.mode ?? "merge");
}

interface Given {
  body?: unknown;
  failOnWarnings?: boolean | undefined;
  parameters?: Record<string, string> | undefined;
}

/** @throws AwsError BadRequestException */
function definitionOf({ body, failOnWarnings, parameters = {} }: Given): ApiDefinition {
  const text = Buffer.from((body as Uint8Array | undefined) ?? []).toString("utf8");
  if (text.trim() === "")
    throw badRequest("Invalid OpenAPI input. Please provide a valid OpenAPI 2.0 or 3.0 definition.");
  const basePath = parameters["basepath"] ?? parameters["basePath"] ?? "ignore";
  if (!["ignore", "prepend", "split"].includes(basePath))
    throw badRequest(`Invalid basepath specified: ${basePath}. Must be one of: ignore, prepend, split`);
  const definition = readDefinition(text, basePath as BasePath);
  if (failOnWarnings && definition.warnings.length > 0)
    throw badRequest(`Warnings found during import: ${definition.warnings.join("; ")}`);
  return definition;
}

function put(cx: Cx, api: ApiRecord, definition: ApiDefinition, mode: "overwrite" | "merge"): RestApi {
  const { endpointTypes: types = [], vpcEndpointIds = [] } = definition;
  refuseSettings({ endpointConfiguration: { types: types as "PRIVATE"[], vpcEndpointIds } });
  if (mode === "overwrite") clear(cx, api);
  for (const [name, schema] of definition.models) putModel(cx, api.id, modelName(name), schema);
  const parts: Parts = {
    cx,
    apiId: api.id,
    authorizers: putAuthorizers(cx, api.id, definition),
    validators: putValidators(cx, api.id, definition),
  };
  for (const [type, response] of definition.gatewayResponses) putGatewayResponse(cx, api.id, type, response);
  for (const [path, methods] of definition.paths) {
    const resource = resourceAt(cx, api, path);
    for (const method of methods) putDefined(parts, resource, method);
  }
  const changed = updateApi(
    cx,
    getApi(cx, api.id),
    defined({
      name: definition.name || undefined,
      description: definition.description,
      version: definition.version,
      apiKeySource: definition.apiKeySource,
      binaryMediaTypes: definition.binaryMediaTypes,
      minimumCompressionSize: definition.minimumCompressionSize,
      disableExecuteApiEndpoint: definition.disableExecuteApiEndpoint,
      policy: definition.policy,
      tags: definition.tags && { ...api.tags, ...definition.tags },
    }),
  );
  return { ...describe(changed), ...(definition.warnings.length > 0 ? { warnings: [...definition.warnings] } : {}) };
}

/** AWS: overwriting keeps the API, its root, its deployments and stages, and nothing else. */
function clear(cx: Cx, api: ApiRecord): void {
  const { apis } = cx.state;
  const range = { prefix: [api.id] };
  for (const within of [apis.resources, apis.authorizers, apis.validators, apis.gatewayResponses]) within.clear(range);
  for (const { name } of Array.from(apis.models.values(range)))
    if (name !== "Empty" && name !== "Error") apis.models.remove([api.id, name]);
  apis.resources.put([api.id, api.rootResourceId], { id: api.rootResourceId, path: "/", resourceMethods: {} });
}

/** AWS: names of models are alphanumeric. */
function modelName(name: string): string {
  return name.replaceAll(/[^a-zA-Z0-9]/g, "");
}

function putModel(cx: Cx, apiId: string, name: string, schema: Tree): void {
  const description = textOf(schema["description"]);
  const text = JSON.stringify(referring(schema, apiId));
  addModel(cx, apiId, { name, contentType: "application/json", description, schema: text });
}

/** References to schemas of the document become references to the API's models. */
function referring(schema: unknown, apiId: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => referring(one, apiId));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === "$ref" && typeof value === "string" ? modelAddress(apiId, value) : referring(value, apiId),
    ]),
  );
}

function modelAddress(apiId: string, reference: string): string {
  const name = referredName(reference);
  return name === undefined ? reference : `https://apigateway.amazonaws.com/restapis/${apiId}/models/${name}`;
}

function referredName(reference: unknown): string | undefined {
  const name =
    typeof reference === "string" ? /^#\/(?:definitions|components\/schemas)\/(.+)$/.exec(reference)?.[1] : undefined;
  return name === undefined ? undefined : modelName(name);
}

function putAuthorizers(cx: Cx, apiId: string, { schemes }: ApiDefinition): ReadonlyMap<string, string> {
  const ids = new Map<string, string>();
  const known = new Map(
    Array.from(cx.state.apis.authorizers.values({ prefix: [apiId] })).map(({ name, id }) => [name, id]),
  );
  for (const [name, scheme] of schemes) {
    if (scheme.kind !== "authorizer") continue;
    const former = known.get(name);
    if (former !== undefined) cx.state.apis.authorizers.remove([apiId, former]);
    ids.set(name, addAuthorizer(cx, apiId, scheme.authorizer).id);
  }
  return ids;
}

function putValidators(cx: Cx, apiId: string, { validators }: ApiDefinition): ReadonlyMap<string, string> {
  const ids = new Map(
    Array.from(cx.state.apis.validators.values({ prefix: [apiId] })).map(({ name = "", id }) => [name, id]),
  );
  for (const [name, facts] of validators)
    if (!ids.has(name)) ids.set(name, addValidator(cx, apiId, { name, ...facts }).id);
  return ids;
}

function putGatewayResponse(cx: Cx, apiId: string, type: string, response: Tree): void {
  const given = textMap(response["responseParameters"]);
  keepGatewayResponse(
    cx,
    apiId,
    defined({
      responseType: type as GatewayResponseType,
      statusCode: textOf(response["statusCode"]),
      responseParameters: given,
      responseTemplates: textMap(response["responseTemplates"]),
    }),
  );
}

/** The resource of a path, made with all above it where it is missing. */
function resourceAt(cx: Cx, api: ApiRecord, path: string): ResourceRecord {
  const { resources } = cx.state.apis;
  let resource = resources.get([api.id, api.rootResourceId])!;
  for (const part of path.split("/").filter((one) => one !== "")) {
    const parent = resource;
    const child = Array.from(resources.values({ prefix: [api.id] })).find(
      (one) => one.parentId === parent.id && one.pathPart === part,
    );
    resource = child ?? addResource(cx, api.id, parent, part);
  }
  return resource;
}

interface Parts {
  readonly cx: Cx;
  readonly apiId: string;
  /** Ids by name. */
  readonly authorizers: ReadonlyMap<string, string>;
  readonly validators: ReadonlyMap<string, string>;
}

/** Puts a method in the place of the one that may be there. */
function putDefined(parts: Parts, resource: ResourceRecord, method: MethodDefinition): void {
  const { cx, apiId, authorizers, validators } = parts;
  const { resources } = cx.state.apis;
  const { [method.httpMethod]: _, ...others } = resources.get([apiId, resource.id])!.resourceMethods;
  resources.put([apiId, resource.id], { ...resource, resourceMethods: others });
  const at = { restApiId: apiId, resourceId: resource.id, httpMethod: method.httpMethod };
  if (method.validator !== undefined && !validators.has(method.validator))
    throw badRequest(`Invalid Request Validator specified: ${method.validator}`);
  putMethod(cx, {
    ...at,
    authorizationType: method.authorizationType,
    apiKeyRequired: method.apiKeyRequired,
    ...defined({
      authorizerId: method.authorizer === undefined ? undefined : authorizers.get(method.authorizer),
      authorizationScopes: method.authorizationScopes,
      operationName: method.operationName,
      requestParameters: method.requestParameters,
      requestModels: modelsOf(parts, method.requestModels),
      requestValidatorId: method.validator === undefined ? undefined : validators.get(method.validator),
    }),
  });
  for (const { statusCode, responseParameters, responseModels } of method.responses)
    putMethodResponse(cx, {
      ...at,
      statusCode,
      ...defined({ responseParameters, responseModels: modelsOf(parts, responseModels) }),
    });
  if (!method.integration) return;
  const { responses, ...integration } = method.integration;
  putIntegration(cx, { ...at, ...defined(integration) });
  for (const response of responses) putIntegrationResponse(cx, { ...at, ...response });
}

/** Names of models by content type; a schema that has no name gets a model of its own. */
function modelsOf({ cx, apiId }: Parts, schemas: ReadonlyMap<string, Tree>): Record<string, string> | undefined {
  if (schemas.size === 0) return undefined;
  return Object.fromEntries(
    [...schemas].map(([type, schema]) => {
      const referred = referredName(schema["$ref"]);
      if (referred !== undefined) return [type, referred];
      const name = `MODEL${cx.kernel.random.text(6, "0123456789abcdef")}`;
      putModel(cx, apiId, name, schema);
      return [type, name];
    }),
  );
}
