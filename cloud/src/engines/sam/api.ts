import { readAuthorizers, type Authorizer } from "./api-authorizer.ts";
import { bodyWithCors, bodyWithExtras } from "./api-body.ts";
import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError, SamGap } from "./error.ts";
import { hashedId, isAlphanumeric, isObject, isTruthy, sub, type Json } from "./json.ts";
import { documentLocation } from "./location.ts";
import { fromPython, PythonDict, pythonOrder, pythonText, toPython, Unicode } from "./python-dict.ts";
import { isSwagger, SwaggerEditor } from "./swagger.ts";
import { addApiKeyDefinition, setDefaultApiKey, setDefaultAuthorizer } from "./swagger-auth.ts";
import { asOpenApi3 } from "./swagger-openapi.ts";
import { addCustomStatements, addResourcePolicy } from "./swagger-policy.ts";
import { propagateTags, tagList } from "./tags.ts";
import { makeUsagePlan } from "./usage-plan.ts";
import { words } from "./words.ts";

const AUTH = words(
  "Authorizers DefaultAuthorizer InvokeRole AddDefaultAuthorizerToCorsPreflight " +
    "AddApiKeyRequiredToCorsPreflight ApiKeyRequired ResourcePolicy UsagePlan",
);

/** `AWS::Serverless::Api`: the REST API, its deployment and stage, and what lets it call its authorizers. */
export function transformApi(context: Context, source: Source): Made[] {
  const { logicalId, properties: p, resource } = source;
  if (isTruthy(p["Domain"])) throw new SamGap(`Domain (custom domain names) of the API ${logicalId}`);
  check(logicalId, p, context.apiBodies.has(logicalId));
  const auth = (context.parameters.resolve(p["Auth"]) ?? {}) as Json;
  const media = context.parameters.resolve(p["BinaryMediaTypes"]);
  const authorizers = isTruthy(auth) ? readAuthorizers(logicalId, auth["Authorizers"], auth["DefaultAuthorizer"]) : {};
  let body = context.apiBodies.get(logicalId);
  body = bodyWithCors(source, body);
  body = bodyWithAuth(source, body, auth, authorizers);
  body = bodyWithExtras(source, body, media);
  if (body && !p["DefinitionUri"]) body = asOpenApi3(body, p["OpenApiVersion"]);
  const api: Made = {
    logicalId,
    type: "AWS::ApiGateway::RestApi",
    dependsOn: resource["DependsOn"],
    attributes: ownAttributes(resource),
    properties: {
      BinaryMediaTypes: media,
      MinimumCompressionSize: p["MinimumCompressionSize"],
      ...endpoint(logicalId, p["EndpointConfiguration"]),
      FailOnWarnings: p["FailOnWarnings"] || undefined,
      ...(p["DefinitionUri"]
        ? { BodyS3Location: documentLocation(p["DefinitionUri"], logicalId) }
        : { Body: fromPython(body) }),
      ...truthyOf(p, ["Name", "Description", "Mode", "ApiKeySourceType", "Policy", "SecurityPolicy"]),
      ...truthyOf(p, ["EndpointAccessMode"]),
    },
  };
  const location = api.properties["BodyS3Location"] as Json | undefined;
  const { deployment, stage } = makeDeployment(context, source, location ? locationDict(location) : body);
  const made = [api, deployment, stage, ...authorizerPermissions(source, authorizers)];
  made.push(...makeUsagePlan(context, source, auth, stage));
  propagateTags(made, p["Tags"], p["PropagateTags"]);
  return made;
}

function check(logicalId: string, p: Json, hasBody: boolean): void {
  if (p["DefinitionUri"] && hasBody)
    throw resourceError(logicalId, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
  if (p["DefinitionUri"] && p["MergeDefinitions"])
    throw resourceError(logicalId, "Cannot set 'MergeDefinitions' to True when using `DefinitionUri`.");
  if (p["OpenApiVersion"] && !/^[2-3](\.\d)(\.\d)?$/.test(String(p["OpenApiVersion"])))
    throw resourceError(logicalId, "The OpenApiVersion value must be of the format '3.0.0'.");
}

function truthyOf(p: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => isTruthy(p[name])).map((name) => [name, p[name]]));
}

function endpoint(logicalId: string, given: unknown): Json {
  if (!isTruthy(given)) return {};
  if (!isObject(given) || !given["Type"])
    return { EndpointConfiguration: { Types: [given] }, Parameters: { endpointConfigurationTypes: given } };
  const { Type, VPCEndpointIds, VpcEndpointIds, IpAddressType } = given;
  if (VPCEndpointIds !== undefined && VpcEndpointIds !== undefined)
    throw resourceError(
      logicalId,
      "'VPCEndpointIds' and 'VpcEndpointIds' cannot be used together in EndpointConfiguration.",
    );
  const ids = VPCEndpointIds ?? VpcEndpointIds;
  return {
    EndpointConfiguration: {
      Types: [Type],
      ...(ids === undefined ? {} : { VpcEndpointIds: ids }),
      ...(IpAddressType === undefined ? {} : { IpAddressType }),
    },
    Parameters: { endpointConfigurationTypes: Type },
  };
}

function bodyWithAuth(
  { logicalId, properties: p }: Source,
  body: PythonDict | undefined,
  auth: Json,
  authorizers: Readonly<Record<string, Authorizer>>,
): PythonDict | undefined {
  if (!isTruthy(auth)) return body;
  if (!body)
    throw resourceError(logicalId, "Auth works only with inline Swagger specified in 'DefinitionBody' property.");
  if (Object.keys(auth).some((name) => !AUTH.includes(name)))
    throw resourceError(logicalId, "Invalid value for 'Auth' property");
  if (!isSwagger(body))
    throw resourceError(
      logicalId,
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid Swagger definition.",
    );
  const editor = new SwaggerEditor(body);
  const names = Object.keys(authorizers);
  for (const name of pythonOrder(names)) editor.addSecurityDefinition(new Unicode(name), authorizers[name]!.definition);
  if (names.length > 0) addDefaultAuthorizer(logicalId, editor, auth, authorizers);
  if (auth["ApiKeyRequired"]) {
    addApiKeyDefinition(editor);
    for (const path of editor.paths.names())
      setDefaultApiKey(editor, path, (auth["AddApiKeyRequiredToCorsPreflight"] ?? true) as boolean);
  }
  if (isTruthy(auth["ResourcePolicy"])) {
    const policy = auth["ResourcePolicy"];
    if (!isObject(policy)) throw resourceError(logicalId, "ResourcePolicy must be a map (ResourcePolicyStatement).");
    for (const path of editor.paths.names()) addResourcePolicy(editor, policy, path, p["StageName"]);
    if (isTruthy(policy["CustomStatements"])) addCustomStatements(editor, policy["CustomStatements"]);
  }
  return asOpenApi3(editor.done(), p["OpenApiVersion"]);
}

function addDefaultAuthorizer(
  logicalId: string,
  editor: SwaggerEditor,
  auth: Json,
  authorizers: Readonly<Record<string, Authorizer>>,
): void {
  const name = auth["DefaultAuthorizer"];
  if (!name) return;
  if (typeof name !== "string") throw resourceError(logicalId, "DefaultAuthorizer is not a string.");
  if (!Object.hasOwn(authorizers, name))
    throw resourceError(
      logicalId,
      `Unable to set DefaultAuthorizer because '${name}' was not defined in 'Authorizers'.`,
    );
  const onPreflight = (auth["AddDefaultAuthorizerToCorsPreflight"] ?? true) as boolean;
  for (const path of editor.paths.names())
    setDefaultAuthorizer(editor, path, name, authorizers, authorizers[name]!.scopes, onPreflight);
}

function authorizerPermissions({ logicalId, resource }: Source, authorizers: Record<string, Authorizer>): Made[] {
  return Object.entries(authorizers)
    .filter(([, authorizer]) => authorizer.functionArn && authorizer.isPermitted)
    .map(([name, authorizer]) => ({
      logicalId: `${logicalId}${name}AuthorizerPermission`,
      type: "AWS::Lambda::Permission",
      properties: {
        Action: "lambda:InvokeFunction",
        FunctionName: authorizer.functionArn,
        Principal: "apigateway.amazonaws.com",
        SourceArn: sub("arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*", {
          __ApiId__: { Ref: logicalId },
        }),
      },
      attributes: passedAttributes(resource),
    }));
}

function locationDict(location: Json): PythonDict {
  const dict = new PythonDict();
  for (const [name, value] of Object.entries(location)) dict.set(name, toPython(value));
  return dict;
}

const SHA1_DIGITS = 40;

/**
 * A deployment is a snapshot: its logical id changes with the document, so that a changed API is deployed again.
 * Quirk: without `OpenApiVersion` the deployment names a second stage, "Stage", as SAM's always did.
 */
function makeDeployment(
  context: Context,
  { logicalId, properties: p, resource }: Source,
  document: PythonDict | undefined,
): { deployment: Made; stage: Made } {
  const attributes = passedAttributes(resource);
  const version = p["OpenApiVersion"];
  const deployment = {
    logicalId: `${logicalId}Deployment`,
    type: "AWS::ApiGateway::Deployment",
    properties: { RestApiId: { Ref: logicalId }, StageName: version ? undefined : "Stage" } as Json,
    attributes,
  };
  if (document && document.size > 0) {
    const parts = [pythonText(document)];
    if (version) parts.push(String(version));
    const functions = context.functionNames.get(logicalId);
    if (functions) parts.push(functions);
    const data = p["AlwaysDeploy"] ? String(context.nowSeconds) : parts.join("||");
    deployment.logicalId = hashedId(`${logicalId}Deployment`, data);
    deployment.properties["Description"] = `RestApi deployment id: ${hashedId("", data, SHA1_DIGITS)}`;
  }
  const name = p["StageName"];
  const prefix = typeof name === "string" ? name : "";
  const stage: Made = {
    logicalId: isAlphanumeric(prefix) ? `${logicalId}${prefix}Stage` : hashedId(`${logicalId}Stage`, prefix),
    type: "AWS::ApiGateway::Stage",
    properties: {
      RestApiId: { Ref: logicalId },
      DeploymentId: { Ref: deployment.logicalId },
      StageName: name,
      CacheClusterEnabled: p["CacheClusterEnabled"],
      CacheClusterSize: p["CacheClusterSize"],
      Variables: p["Variables"],
      MethodSettings: p["MethodSettings"],
      AccessLogSetting: p["AccessLogSetting"],
      CanarySetting: p["CanarySetting"],
      TracingEnabled: p["TracingEnabled"],
      Tags: isObject(p["Tags"]) ? tagList(p["Tags"]) : undefined,
    },
    attributes,
  };
  return { deployment, stage };
}
