import type { Method, MethodResponse } from "@aws-sdk/client-api-gateway";
import type { Input } from "../../../aws/api-types.ts";
import { badRequest, conflict, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getMethod as findMethod, getResource, type MethodAt } from "../lookup.ts";
import { boolean, booleanMember, member, patched, text, values, type PatchRules } from "../patch.ts";
import type { MethodRecord, MethodResponseRecord } from "../state.ts";

const METHODS = ["GET", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD", "ANY"];
const AUTHORIZATION_TYPES = ["NONE", "AWS_IAM", "CUSTOM", "COGNITO_USER_POOLS"];
const REQUEST_PARAMETER =
  /^method\.request\.(?:path|querystring|multivaluequerystring|header|multivalueheader)\.[^\s]+$/;
const RESPONSE_PARAMETER = /^method\.response\.(?:header|multivalueheader)\.[^\s]+$/;

export function putMethod(cx: Cx, input: Input<"apigateway", "PutMethod">): Method {
  const resource = getResource(cx, input.restApiId, input.resourceId);
  const { restApiId, resourceId: _, ...facts } = input;
  if (resource.resourceMethods[input.httpMethod!]) throw conflict("Method already exists for this resource");
  const method: MethodRecord = defined({
    ...facts,
    httpMethod: input.httpMethod!,
    authorizationType: input.authorizationType!.toUpperCase(),
    apiKeyRequired: input.apiKeyRequired ?? false,
  });
  checkMethod(cx, restApiId!, method);
  keepMethod(cx, { apiId: restApiId!, resource, method });
  return method;
}

/** Keeps a method as it is now. */
export function keepMethod(cx: Cx, { apiId, resource, method }: MethodAt): void {
  // Read anew: the resource at hand may be older than other methods of it.
  const now = cx.state.apis.resources.get([apiId, resource.id]) ?? resource;
  cx.state.apis.resources.put([apiId, resource.id], {
    ...now,
    resourceMethods: { ...now.resourceMethods, [method.httpMethod]: method },
  });
  cx.state.changed(apiId);
}

/** @throws AwsError BadRequestException */
export function checkMethod(cx: Cx, apiId: string, method: MethodRecord): void {
  const { apis } = cx.state;
  if (!METHODS.includes(method.httpMethod))
    throw badRequest(`Invalid HttpMethod specified. Valid options are ${METHODS.join(",")}`);
  if (!AUTHORIZATION_TYPES.includes(method.authorizationType))
    throw badRequest(`Invalid authorization type specified. Valid values are ${AUTHORIZATION_TYPES.join(", ")}`);
  const names = Object.keys(method.requestParameters ?? {});
  const wrong = names.find((name) => !REQUEST_PARAMETER.test(name));
  if (wrong !== undefined) throw badRequest(`Invalid mapping expression specified: ${wrong}`);
  if (new Set(names.map((name) => name.split(".").slice(3).join("."))).size < names.length)
    throw badRequest("Parameter names must be unique across querystring, header and path");
  if (
    /^(?:CUSTOM|COGNITO_USER_POOLS)$/.test(method.authorizationType) &&
    !apis.authorizers.has([apiId, method.authorizerId ?? ""])
  )
    throw badRequest(
      "Invalid authorizer ID specified. Setting the authorization type to CUSTOM or COGNITO_USER_POOLS requires a valid authorizer.",
    );
  if (method.requestValidatorId && !apis.validators.has([apiId, method.requestValidatorId]))
    throw badRequest("Invalid Request Validator identifier specified");
  for (const model of Object.values(method.requestModels ?? {})) checkModel(cx, apiId, model);
}

function checkModel(cx: Cx, apiId: string, name: string): void {
  if (!cx.state.apis.models.has([apiId, name])) throw badRequest(`Invalid model identifier specified: ${name}`);
}

export function getMethod(cx: Cx, input: Input<"apigateway", "GetMethod">): Method {
  return findMethod(cx, input as Required<typeof input>).method;
}

/** AWS: "UpdateMethod" patch operations. */
const RULES: PatchRules = {
  "/authorizationType": text,
  "/authorizerId": text,
  "/authorizationScopes": values,
  "/apiKeyRequired": boolean,
  "/operationName": text,
  "/requestValidatorId": text,
  "/requestParameters/*": booleanMember,
  "/requestModels/*": member,
};

export function updateMethod(cx: Cx, input: Input<"apigateway", "UpdateMethod">): Method {
  const at = findMethod(cx, input as Required<typeof input>);
  const changed = patched(at.method, input.patchOperations, RULES);
  const hasAuthorizer = /^(?:CUSTOM|COGNITO_USER_POOLS)$/.test(changed.authorizationType);
  const method = defined({
    ...changed,
    authorizerId: hasAuthorizer ? changed.authorizerId : undefined,
    requestValidatorId: changed.requestValidatorId || undefined,
    requestParameters: orNone(changed.requestParameters),
    requestModels: orNone(changed.requestModels),
  });
  checkMethod(cx, at.apiId, method);
  keepMethod(cx, { ...at, method });
  return method;
}

function orNone<T extends object>(map: T | undefined): T | undefined {
  return map && Object.keys(map).length > 0 ? map : undefined;
}

export function deleteMethod(cx: Cx, input: Input<"apigateway", "DeleteMethod">): Record<string, never> {
  const { apiId, resource, method } = findMethod(cx, input as Required<typeof input>);
  const { [method.httpMethod]: _, ...resourceMethods } = resource.resourceMethods;
  cx.state.apis.resources.put([apiId, resource.id], { ...resource, resourceMethods });
  cx.state.changed(apiId);
  return {};
}

// ---- responses ----

export function putMethodResponse(cx: Cx, input: Input<"apigateway", "PutMethodResponse">): MethodResponse {
  const at = findMethod(cx, input as Required<typeof input>);
  const { statusCode = "", responseParameters, responseModels } = input;
  if (!/^[1-5]\d\d$/.test(statusCode)) throw badRequest("Invalid status code specified");
  if (at.method.methodResponses?.[statusCode]) throw conflict("Response already exists for this resource");
  const response: MethodResponseRecord = defined({ statusCode, responseParameters, responseModels });
  return keepResponse(cx, at, response);
}

function keepResponse(cx: Cx, at: MethodAt, response: MethodResponseRecord): MethodResponseRecord {
  const wrong = Object.keys(response.responseParameters ?? {}).find((name) => !RESPONSE_PARAMETER.test(name));
  if (wrong !== undefined) throw badRequest(`Invalid mapping expression specified: ${wrong}`);
  for (const model of Object.values(response.responseModels ?? {})) checkModel(cx, at.apiId, model);
  const methodResponses = { ...at.method.methodResponses, [response.statusCode]: response };
  keepMethod(cx, { ...at, method: { ...at.method, methodResponses } });
  return response;
}

type ResponseInput = Input<"apigateway", "GetMethodResponse">;

function findResponse(cx: Cx, input: ResponseInput): MethodAt & { response: MethodResponseRecord } {
  const at = findMethod(cx, input as Required<ResponseInput>);
  const response = at.method.methodResponses?.[input.statusCode ?? ""];
  if (!response) throw notFound("Invalid Response status code specified");
  return { ...at, response };
}

export function getMethodResponse(cx: Cx, input: ResponseInput): MethodResponse {
  return findResponse(cx, input).response;
}

const RESPONSE_RULES: PatchRules = { "/responseParameters/*": booleanMember, "/responseModels/*": member };

export function updateMethodResponse(cx: Cx, input: Input<"apigateway", "UpdateMethodResponse">): MethodResponse {
  const { response, ...at } = findResponse(cx, input);
  return keepResponse(cx, at, patched(response, input.patchOperations, RESPONSE_RULES));
}

export function deleteMethodResponse(
  cx: Cx,
  input: Input<"apigateway", "DeleteMethodResponse">,
): Record<string, never> {
  const { response, ...at } = findResponse(cx, input);
  const { [response.statusCode]: _, ...methodResponses } = at.method.methodResponses!;
  keepMethod(cx, { ...at, method: { ...at.method, methodResponses } });
  return {};
}
