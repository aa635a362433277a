import type { Made } from "./context.ts";
import { EventError } from "./error.ts";
import { expectMap } from "./expect.ts";
import { permission, type FunctionEvent } from "./event-input.ts";
import { isObject, isTruthy, sub, type Json } from "./json.ts";
import { ANY_METHOD, DEFAULT_PATH, OpenApiEditor } from "./open-api.ts";

/** `HttpApi` of a function: the permission to call it, and its integration in the API's document. */
export function makeHttpApiEvent(event: FunctionEvent): Made[] {
  const { context, properties: p } = event;
  const given = p["ApiId"];
  const apiId = (isObject(given) && "Ref" in given ? given["Ref"] : given) as string;
  const api = (context.resources.get(apiId)?.["Properties"] ?? {}) as Json;
  const path = String(p["Path"]);
  const method = String(p["Method"]).toLowerCase();
  const body = api["DefinitionBody"];
  const editor = isTruthy(body) ? new OpenApiEditor(body as Json) : undefined;
  const made = apiPermission(event, editor, path, method);
  if (editor) integrate(event, editor, api, apiId, path, method);
  return made;
}

/** The default route's permission covers the function's other routes. */
function apiPermission(event: FunctionEvent, editor: OpenApiEditor | undefined, path: string, method: string): Made[] {
  const place = path === DEFAULT_PATH ? "" : path.replace(/^(.+)\/$/, "$1");
  if (place !== "" && editor?.goesTo(DEFAULT_PATH, ANY_METHOD, event.target.logicalId)) return [];
  const pattern = place.replaceAll(/\{([a-zA-Z0-9._-]+|proxy\+)\}/g, "*");
  const verb = method === "any" || method === ANY_METHOD ? "*" : method.toUpperCase();
  const route = method === "any" && pattern === `/${DEFAULT_PATH}` ? pattern : `/${verb}${pattern}`;
  const text = `arn:\${AWS::Partition}:execute-api:\${AWS::Region}:\${AWS::AccountId}:\${__ApiId__}/\${__Stage__}${route}`;
  const SourceArn = sub(text, { __ApiId__: event.properties["ApiId"], __Stage__: "*" });
  return [permission(event, "apigateway.amazonaws.com", { SourceArn })];
}

function integrate(
  event: FunctionEvent,
  editor: OpenApiEditor,
  api: Json,
  apiId: string,
  path: string,
  method: string,
): void {
  const { properties: p, target, eventId } = event;
  if (api["__MANAGE_SWAGGER"] && editor.hasIntegration(path, method))
    throw new EventError(eventId, `API method '${method}' defined multiple times for path '${path}'.`);
  const name = target.isAlias ? `\${${target.logicalId}}` : `\${${target.logicalId}.Arn}`;
  const uri = `arn:\${AWS::Partition}:apigateway:\${AWS::Region}:lambda:path/2015-03-31/functions/${name}/invocations`;
  editor.addLambda(path, method, sub(uri), target.condition);
  if (isTruthy(p["Auth"])) addAuth(event, editor, api, apiId, path, method);
  if (p["TimeoutInMillis"]) editor.setOnIntegration(path, method, "timeoutInMillis", p["TimeoutInMillis"]);
  editor.addPathParameters(path, method);
  if (p["PayloadFormatVersion"])
    editor.setOnIntegration(path, method, "payloadFormatVersion", p["PayloadFormatVersion"]);
}

function addAuth(
  { properties: p, eventId }: FunctionEvent,
  editor: OpenApiEditor,
  api: Json,
  apiId: string,
  path: string,
  method: string,
): void {
  const auth = p["Auth"] as Json;
  const apiAuth = expectMap(api["Auth"] ?? {}, apiId, "Auth");
  const name = auth["Authorizer"] || apiAuth["DefaultAuthorizer"];
  if (!name)
    throw new EventError(
      eventId,
      "'Auth' section requires either an explicit 'Authorizer' set or a 'DefaultAuthorizer' configured on the HttpApi.",
    );
  checkAuthorizer(name, apiAuth, eventId, path, method);
  const scopes = auth["AuthorizationScopes"];
  if (isTruthy(scopes) && !Array.isArray(scopes))
    throw new EventError(
      eventId,
      `Unable to set Authorizer on API method [${method}] for path [${path}] because 'AuthorizationScopes' must be a list of strings.`,
    );
  const authorizers = apiAuth["Authorizers"] as Record<string, Json> | undefined;
  const own = authorizers?.[name as string]?.["AuthorizationScopes"];
  const asked = isTruthy(scopes) ? scopes : own;
  const isNamed = name !== "NONE" && name !== "AWS_IAM";
  editor.addSecurity(path, method, { [name as string]: isNamed && isTruthy(asked) ? asked : [] });
}

function checkAuthorizer(name: unknown, apiAuth: Json, eventId: string, path: string, method: string): void {
  const hasIam = apiAuth["EnableIamAuthorizer"] === true;
  const authorizers = apiAuth["Authorizers"];
  const where = `on API method [${method}] for path [${path}]`;
  if (name === "NONE") {
    if (apiAuth["DefaultAuthorizer"]) return;
    throw new EventError(
      eventId,
      `Unable to set Authorizer ${where} because 'NONE' is only a valid value when a DefaultAuthorizer on the API is specified.`,
    );
  }
  if (name === "AWS_IAM" && hasIam) return;
  if (typeof name !== "string" || !isObject(authorizers))
    throw new EventError(
      eventId,
      `Unable to set Authorizer [${String(name)}] ${where}. The method authorizer must be a string with a corresponding dict entry in the api authorizer.`,
    );
  if (!isTruthy(authorizers))
    throw new EventError(
      eventId,
      `Unable to set Authorizer [${name}] ${where} because the related API does not define any Authorizers.`,
    );
  if (!authorizers[name])
    throw new EventError(
      eventId,
      `Unable to set Authorizer [${name}] ${where} because it wasn't defined in the API's Authorizers.`,
    );
}
