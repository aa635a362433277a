import type { Context, Made } from "./context.ts";
import { EventError, resourceError } from "./error.ts";
import { expectInEvent, expectMap } from "./expect.ts";
import { permission, type FunctionEvent } from "./event-input.ts";
import type { Target } from "./event-input.ts";
import { hashedId, isAlphanumeric, isIntrinsic, isObject, isTruthy, sub, type Json } from "./json.ts";
import { PythonDict, toPython, Unicode } from "./python-dict.ts";
import { emptySwagger, SwaggerEditor, type RequestParameter } from "./swagger.ts";
import { setMethodAuth } from "./swagger-auth.ts";
import { addLambdaIntegration } from "./swagger-integration.ts";
import { addCustomStatements, addResourcePolicy } from "./swagger-policy.ts";

/** The REST API that an event speaks of. */
export interface LinkedApi {
  readonly apiId: string;
  readonly properties: Json;
  readonly stageSuffix: string;
}

/** @throws EventError unless the API is in the template */
export function linkApi(context: Context, eventId: string, restApiId: unknown): LinkedApi {
  const id = isObject(restApiId) && "Ref" in restApiId ? restApiId["Ref"] : restApiId;
  const resource = typeof id === "string" ? context.resources.get(id) : undefined;
  if (typeof id !== "string" || !resource)
    throw new EventError(
      eventId,
      "RestApiId property of Api event must reference a valid resource in the same template.",
    );
  const properties = expectMap(resource["Properties"] ?? {}, id, "Properties");
  const stage = properties["StageName"];
  if (stage === "") throw resourceError(id, "StageName cannot be empty.");
  return { apiId: id, properties, stageSuffix: typeof stage === "string" ? stage : "Stage" };
}

/** `Api` of a function: the permission to call it, and its integration in the API's document. */
export function makeApiEvent(event: FunctionEvent): Made[] {
  const { context, properties: p, eventId } = event;
  const api = linkApi(context, eventId, p["RestApiId"]);
  const method = String(p["Method"]).toLowerCase();
  const made = [apiPermission(event, method, api.stageSuffix)];
  if (api.properties["__MANAGE_SWAGGER"] || api.properties["MergeDefinitions"]) integrate(event, api, method);
  const auth = p["Auth"] as Json | undefined;
  const body = context.apiBodies.get(api.apiId);
  if (body && isTruthy(auth) && auth!["OverrideApiAuth"]) {
    if (!auth!["Authorizer"] && !auth!["ApiKeyRequired"] && !auth!["ResourcePolicy"])
      throw new EventError(
        eventId,
        "Must define one of: Authorizer, ApiKeyRequired or ResourcePolicy when using the OverrideApiAuth property.",
      );
    const editor = new SwaggerEditor(body);
    addAuth({ context, eventId, auth: auth!, api, path: String(p["Path"]), method }, editor);
    context.apiBodies.set(api.apiId, editor.done());
  }
  return made;
}

function apiPermission(event: FunctionEvent, method: string, suffix: string): Made {
  const path = String(event.properties["Path"])
    .replace(/^(.+)\/$/, "$1")
    .replaceAll(/\{([a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}/g, "*");
  const place = `\${__ApiId__}/\${__Stage__}/${method === "any" ? "*" : method.toUpperCase()}${path}`;
  const SourceArn = sub(`arn:aws:execute-api:\${AWS::Region}:\${AWS::AccountId}:${place}`, {
    __ApiId__: event.properties["RestApiId"],
    __Stage__: "*",
  });
  const id = permissionId(`${event.logicalId}Permission`, suffix);
  return permission(event, "apigateway.amazonaws.com", { SourceArn }, id);
}

/** The stage's name ends the permission's where it is of letters and digits, else its hash does. */
function permissionId(prefix: string, suffix: string): string {
  return isAlphanumeric(suffix) ? prefix + suffix : hashedId(prefix, suffix);
}

function integrate(event: FunctionEvent, api: LinkedApi, method: string): void {
  const { context, properties: p, eventId, target } = event;
  const body = context.apiBodies.get(api.apiId);
  if (!body) return;
  const merges = Boolean(api.properties["MergeDefinitions"]);
  const editor = new SwaggerEditor(merges ? emptySwagger() : body);
  const [path, name] = [new Unicode(String(p["Path"])), new Unicode(method)];
  if (editor.hasIntegration(path.text, name))
    throw new EventError(eventId, `API method "${method}" defined multiple times for path "${path.text}".`);
  const auth = expectInEvent(p["Auth"] || {}, eventId, "Auth", "map") as Json;
  const apiAuth = expectMap(api.properties["Auth"] || {}, api.apiId, "Auth");
  addLambdaIntegration(editor, {
    path,
    method: name,
    uri: integrationUri(context, target, p["ResponseTransferMode"]),
    methodAuth: auth,
    apiAuth,
    condition: target.condition === undefined ? undefined : new Unicode(String(target.condition)),
    transferMode: p["ResponseTransferMode"],
  });
  if (isTruthy(auth)) addAuth({ context, eventId, auth, api, path: path.text, method }, editor);
  if (p["TimeoutInMillis"]) editor.setTimeout(path.text, name, toPython(p["TimeoutInMillis"]));
  if (isTruthy(p["RequestModel"])) addModel(event, api, editor, method);
  if (isTruthy(p["RequestParameters"]))
    editor.addRequestParameters(
      path.text,
      name,
      (p["RequestParameters"] as unknown[]).map((one) => parameter(eventId, one)),
    );
  context.apiBodies.set(api.apiId, merges ? merged(body, editor.done(), path, name) : editor.done());
}

function integrationUri(context: Context, target: Target, transferMode: unknown): PythonDict {
  const streams = transferMode === "RESPONSE_STREAM";
  const version = streams ? "2021-11-15" : "2015-03-31";
  const name = target.isAlias ? `\${${target.logicalId}}` : `\${${target.logicalId}.Arn}`;
  const tail = streams ? "response-streaming-invocations" : "invocations";
  const text = `arn:aws:apigateway:\${AWS::Region}:lambda:path/${version}/functions/${name}/${tail}`;
  return PythonDict.of({ "Fn::Sub": context.isUnicode && !target.isAlias ? new Unicode(text) : text });
}

/** `MergeDefinitions`: what is generated goes over what the document has of the method. */
function merged(body: PythonDict, generated: PythonDict, path: Unicode, method: Unicode): PythonDict {
  const result = body.copy();
  const paths = result.get("paths") instanceof PythonDict ? (result.get("paths") as PythonDict) : new PythonDict();
  const item = paths.get(path.text) instanceof PythonDict ? (paths.get(path.text) as PythonDict) : new PythonDict();
  const name = method.text === "any" ? "x-amazon-apigateway-any-method" : method.text;
  const made = ((generated.get("paths") as PythonDict).get(path.text) as PythonDict).get(name) as PythonDict;
  const own = item.get(method.text);
  const definition = own instanceof PythonDict ? own.copy() : new PythonDict();
  for (const [key, value] of made.entries()) definition.set(key, value);
  item.set(method, definition);
  paths.set(path, item);
  result.set("paths", paths);
  return result;
}

interface AuthInput {
  readonly context: Context;
  readonly eventId: string;
  readonly auth: Json;
  readonly api: LinkedApi;
  readonly path: string;
  readonly method: string;
}

/** An event's `Auth` in the API's document. @throws EventError */
export function addAuth(input: AuthInput, editor: SwaggerEditor): void {
  const { context, eventId, auth, api, path, method } = input;
  const apiAuth = (context.parameters.resolve(api.properties["Auth"]) ?? {}) as Json;
  const unable = (what: string) => `Unable to set ${what} on API method [${method}] for path [${path}] because`;
  checkAuthorizer(input, apiAuth, unable);
  const scopes = auth["AuthorizationScopes"];
  if (isTruthy(scopes)) {
    expectInEvent(scopes, eventId, "Auth.AuthorizationScopes", "list");
    if (!auth["Authorizer"]) throw new EventError(eventId, "AuthorizationScopes works only when Authorizer is set");
  }
  const key = auth["ApiKeyRequired"];
  if (key !== undefined && !key && !apiAuth["ApiKeyRequired"])
    throw new EventError(
      eventId,
      `${unable("ApiKeyRequired [False]")} the related API does not specify any ApiKeyRequired.`,
    );
  if (auth["Authorizer"] || key !== undefined)
    setMethodAuth(
      editor,
      new Unicode(path),
      new Unicode(method),
      auth,
      (api.properties["Auth"] as Json | undefined)?.["Authorizers"] as Json | undefined,
    );
  if (!isTruthy(auth["ResourcePolicy"])) return;
  const policy = expectInEvent(auth["ResourcePolicy"], eventId, "Auth.ResourcePolicy", "map") as Json;
  addResourcePolicy(editor, policy, path, api.stageSuffix);
  if (isTruthy(policy["CustomStatements"])) addCustomStatements(editor, policy["CustomStatements"]);
}

function checkAuthorizer(
  { eventId, auth, api, path, method }: AuthInput,
  apiAuth: Json,
  unable: (what: string) => string,
): void {
  const name = auth["Authorizer"];
  if (!name || name === "AWS_IAM") return;
  const authorizers = apiAuth["Authorizers"];
  if (isTruthy(authorizers)) expectMap(authorizers, api.apiId, "Auth.Authorizers");
  if (name === "NONE") {
    if (!apiAuth["DefaultAuthorizer"])
      throw new EventError(
        eventId,
        `${unable("Authorizer")} 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
      );
    return;
  }
  const what = `Authorizer [${String(name)}]`;
  if (!isTruthy(authorizers))
    throw new EventError(eventId, `${unable(what)} the related API does not define any Authorizers.`);
  if (typeof name !== "string")
    throw new EventError(
      eventId,
      `Unable to set ${what} on API method [${method}] for path [${path}]. ` +
        "The method authorizer must be a string with a corresponding dict entry in the api authorizer.",
    );
  if (!(authorizers as Json)[name])
    throw new EventError(eventId, `${unable(what)} it wasn't defined in the API's Authorizers.`);
}

function addModel(
  { eventId, properties: p }: FunctionEvent,
  api: LinkedApi,
  editor: SwaggerEditor,
  method: string,
): void {
  const asked = expectInEvent(p["RequestModel"], eventId, "RequestModel", "map") as Json;
  const name = asked["Model"];
  if (!name) return;
  const path = String(p["Path"]);
  const unable = `Unable to set RequestModel [${String(name)}] on API method [${method}] for path [${path}] because`;
  const models = api.properties["Models"];
  if (!isTruthy(models)) throw new EventError(eventId, `${unable} the related API does not define any Models.`);
  if (!isIntrinsic(models) && !isObject(models))
    throw new EventError(eventId, `${unable} the related API Models defined is of invalid type.`);
  if (typeof name !== "string")
    throw new EventError(eventId, `${unable} the related API does not contain valid Models.`);
  if (!(models as Json)[name]) throw new EventError(eventId, `${unable} it wasn't defined in the API's Models.`);
  const at = new Unicode(method);
  editor.addRequestModel(path, at, name, asked["Required"]);
  const { ValidateBody: body, ValidateParameters: parameters } = asked;
  if (body === undefined && parameters === undefined) return;
  if (![body ?? false, parameters ?? false].every((one) => typeof one === "boolean"))
    throw new EventError(
      eventId,
      `Unable to set Validator to RequestModel [${name}] on API method [${method}] for path [${path}] ValidateBody and ValidateParameters must be a boolean type, strings or intrinsics are not supported.`,
    );
  editor.addValidator(path, at, Boolean(body), Boolean(parameters));
}

function parameter(eventId: string, given: unknown): RequestParameter {
  const [name, settings] = isObject(given) ? Object.entries(given)[0]! : [given, {}];
  const invalid = (what: string) => new EventError(eventId, `Invalid value for 'RequestParameters' property. ${what}`);
  if (typeof name !== "string") throw invalid("Property must be either a string or an object");
  if (!/^method\.request\.(querystring|path|header)\./.test(name))
    throw invalid(
      "Keys must be in the format 'method.request.[querystring|path|header].{value}', e.g 'method.request.header.Authorization'.",
    );
  if (!isObject(settings) || Object.keys(settings).some((key) => key !== "Required" && key !== "Caching"))
    throw invalid("Values must be an object, e.g { Required: true, Caching: false }");
  return {
    name: new Unicode(name),
    required: (settings["Required"] as boolean | undefined) ?? false,
    caching: Boolean(settings["Caching"]),
  };
}
