import { apiHost } from "../../../aws/addresses.ts";
import { defined, type Tree } from "../../../gateway/tree.ts";
import type {
  AuthorizerRecord,
  IntegrationRecord,
  MethodRecord,
  ModelRecord,
  ResourceRecord,
  Snapshot,
} from "../state.ts";

interface ExportOptions {
  readonly version: "oas30" | "swagger";
  readonly hasIntegrations: boolean;
  readonly hasAuthorizers: boolean;
}

/** What a deployment serves, as an OpenAPI document. */
export function exportDocument(snapshot: Snapshot, stageName: string, options: ExportOptions): Tree {
  const { api } = snapshot;
  const info = {
    title: api.name,
    description: api.description,
    version: api.version ?? new Date(api.createdMs).toISOString(),
  };
  const withMethods = snapshot.resources.filter((resource) => Object.keys(resource.resourceMethods).length > 0);
  const paths = Object.fromEntries(
    withMethods.map((resource) => [resource.path, pathItem(resource, snapshot, options)]),
  );
  const schemas = Object.fromEntries(
    snapshot.models.filter(({ name }) => isUsed(name, snapshot)).map((model) => [model.name, schemaOf(model, options)]),
  );
  const securitySchemes = schemesOf(snapshot, options);
  const host = apiHost(api.id, api.scope);
  const extensions = options.hasIntegrations
    ? {
        "x-amazon-apigateway-binary-media-types": api.binaryMediaTypes,
        "x-amazon-apigateway-policy": api.policy === undefined ? undefined : (JSON.parse(api.policy) as unknown),
      }
    : {};
  if (options.version === "swagger")
    return defined({
      swagger: "2.0",
      info: defined(info),
      host,
      basePath: `/${stageName}`,
      schemes: ["https"],
      paths,
      securityDefinitions: orNone(securitySchemes),
      definitions: orNone(schemas),
      ...extensions,
    });
  return defined({
    openapi: "3.0.1",
    info: defined(info),
    servers: [{ url: `https://${host}/{basePath}`, variables: { basePath: { default: stageName } } }],
    paths,
    components: orNone(defined({ schemas: orNone(schemas), securitySchemes: orNone(securitySchemes) })),
    ...extensions,
  });
}

function orNone(tree: Tree): Tree | undefined {
  return Object.keys(tree).length > 0 ? tree : undefined;
}

function methodsOf({ resources }: Snapshot): MethodRecord[] {
  return resources.flatMap((resource) => Object.values(resource.resourceMethods));
}

function isUsed(name: string, snapshot: Snapshot): boolean {
  const own = name !== "Empty" && name !== "Error";
  return (
    own ||
    methodsOf(snapshot).some((method) =>
      [
        ...Object.values(method.requestModels ?? {}),
        ...Object.values(method.methodResponses ?? {}).flatMap((one) => Object.values(one.responseModels ?? {})),
      ].includes(name),
    )
  );
}

function referenceTo(model: string, { version }: ExportOptions): Tree {
  return { $ref: version === "swagger" ? `#/definitions/${model}` : `#/components/schemas/${model}` };
}

function schemaOf({ schema = "{}" }: ModelRecord, options: ExportOptions): unknown {
  const prefix = options.version === "swagger" ? "#/definitions/" : "#/components/schemas/";
  const text = schema.replaceAll(/https:\/\/apigateway\.amazonaws\.com\/restapis\/[^/"]+\/models\//g, prefix);
  const { $schema: _, ...rest } = JSON.parse(text) as Tree;
  return rest;
}

function pathItem(resource: ResourceRecord, snapshot: Snapshot, options: ExportOptions): Tree {
  return Object.fromEntries(
    Object.values(resource.resourceMethods).map((method) => [
      method.httpMethod === "ANY" ? "x-amazon-apigateway-any-method" : method.httpMethod.toLowerCase(),
      operationOf(method, snapshot, options),
    ]),
  );
}

const PLACES: Readonly<Record<string, string>> = { path: "path", querystring: "query", header: "header" };

function operationOf(method: MethodRecord, snapshot: Snapshot, options: ExportOptions): Tree {
  const isSwagger = options.version === "swagger";
  const parameters: Tree[] = Object.entries(method.requestParameters ?? {}).map(([source, required]) => {
    const [, , place = "", ...name] = source.split(".");
    const about = { name: name.join("."), in: PLACES[place] ?? place, required: required || place === "path" };
    return isSwagger ? { ...about, type: "string" } : { ...about, schema: { type: "string" } };
  });
  const models = Object.entries(method.requestModels ?? {});
  if (isSwagger && models[0])
    parameters.push({ in: "body", name: models[0][1], required: true, schema: referenceTo(models[0][1], options) });
  const content = Object.fromEntries(models.map(([type, model]) => [type, { schema: referenceTo(model, options) }]));
  return defined({
    operationId: method.operationName,
    consumes: isSwagger && models.length > 0 ? models.map(([type]) => type) : undefined,
    parameters: parameters.length > 0 ? parameters : undefined,
    requestBody: !isSwagger && models.length > 0 ? { content, required: true } : undefined,
    responses: responsesOf(method, options),
    security: securityOf(method, snapshot),
    "x-amazon-apigateway-integration":
      options.hasIntegrations && method.methodIntegration ? integrationOf(method.methodIntegration) : undefined,
  });
}

function responsesOf(method: MethodRecord, options: ExportOptions): Tree {
  const isSwagger = options.version === "swagger";
  return Object.fromEntries(
    Object.values(method.methodResponses ?? {}).map(({ statusCode, responseParameters, responseModels }) => {
      const names = Object.keys(responseParameters ?? {}).map((target) => target.split(".").slice(3).join("."));
      const text = isSwagger ? { type: "string" } : { schema: { type: "string" } };
      const headers = names.length > 0 ? Object.fromEntries(names.map((name) => [name, text])) : undefined;
      const models = Object.entries(responseModels ?? {});
      const content = Object.fromEntries(
        models.map(([type, model]) => [type, { schema: referenceTo(model, options) }]),
      );
      const schema = models[0] && referenceTo(models[0][1], options);
      return [
        statusCode,
        defined({
          description: `${statusCode} response`,
          headers,
          ...(isSwagger ? { schema } : { content: orNone(content) }),
        }),
      ];
    }),
  );
}

function securityOf(method: MethodRecord, { authorizers }: Snapshot): Tree[] | undefined {
  const security: Tree[] = [];
  const authorizer = authorizers.find(({ id }) => id === method.authorizerId);
  if (authorizer) security.push({ [authorizer.name]: method.authorizationScopes ?? [] });
  if (method.authorizationType === "AWS_IAM") security.push({ sigv4: [] });
  if (method.apiKeyRequired) security.push({ api_key: [] });
  return security.length > 0 ? security : undefined;
}

function schemesOf(snapshot: Snapshot, { hasAuthorizers }: ExportOptions): Tree {
  const methods = methodsOf(snapshot);
  const schemes: Tree = {};
  for (const authorizer of snapshot.authorizers) schemes[authorizer.name] = schemeOf(authorizer, hasAuthorizers);
  if (methods.some((method) => method.apiKeyRequired))
    schemes["api_key"] = { type: "apiKey", name: "x-api-key", in: "header" };
  if (methods.some((method) => method.authorizationType === "AWS_IAM"))
    schemes["sigv4"] = {
      type: "apiKey",
      name: "Authorization",
      in: "header",
      "x-amazon-apigateway-authtype": "awsSigv4",
    };
  return schemes;
}

function schemeOf(authorizer: AuthorizerRecord, isWhole: boolean): Tree {
  const header = /^method\.request\.header\.(.+)$/.exec(authorizer.identitySource ?? "")?.[1];
  const { id: _, name: __, authType, type, ...facts } = authorizer;
  return defined({
    type: "apiKey",
    name: header ?? "Unused",
    in: "header",
    "x-amazon-apigateway-authtype": authType,
    "x-amazon-apigateway-authorizer": isWhole ? { type: type.toLowerCase(), ...facts } : undefined,
  });
}

function integrationOf(integration: IntegrationRecord): Tree {
  const { integrationResponses = {}, cacheNamespace: _, cacheKeyParameters: __, type, ...facts } = integration;
  const responses = Object.fromEntries(
    Object.values(integrationResponses).map(({ selectionPattern, ...response }) => [
      selectionPattern || "default",
      response,
    ]),
  );
  return defined({
    type: type.toLowerCase(),
    ...facts,
    passthroughBehavior: facts.passthroughBehavior.toLowerCase(),
    responses: orNone(responses),
  });
}
