import type { Integration } from "@aws-sdk/client-apigatewayv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { apiChanged } from "../deployment.ts";
import { badRequest, conflict, tooMany } from "../errors.ts";
import { integrationOf } from "../execute/compile.ts";
import { compileRequestMapping, compileResponseMapping, MappingError } from "../execute/parameter-mapping.ts";
import type { Cx } from "../gateway.ts";
import { subtypeFault } from "../integrations/aws-service.ts";
import { isFunctionUri } from "../../../gateway/function-uri.ts";
import { getApi, getIntegration as findIntegration, givenOf, refuseForHttp } from "../lookup.ts";
import { pageOf } from "../page.ts";
import type { IntegrationRecord } from "../state.ts";

/** AWS: "Quotas for configuring and running an HTTP API". */
const INTEGRATIONS_MAX = 300;
const TIMEOUT_MS_MAX = 30_000;
const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "ANY"]);
const WEBSOCKET_ONLY = [
  "ContentHandlingStrategy",
  "PassthroughBehavior",
  "RequestTemplates",
  "TemplateSelectionExpression",
];

export function createIntegration(cx: Cx, input: Input<"apigatewayv2", "CreateIntegration">): Integration {
  const api = getApi(cx, input.ApiId);
  if (cx.state.apis.integrations.count({ prefix: [api.ApiId] }) >= INTEGRATIONS_MAX) throw tooMany("Integrations");
  const integration = newIntegration(cx, givenOf(input, "ApiId"));
  cx.state.apis.integrations.put([api.ApiId, integration.IntegrationId], integration);
  apiChanged(cx, api);
  return integration;
}

/** An integration, checked. Not kept yet. @throws AwsError */
export function newIntegration(cx: Cx, given: Partial<Integration>): IntegrationRecord {
  refuseForHttp(given, WEBSOCKET_ONLY);
  const { IntegrationType, PayloadFormatVersion } = given;
  if (IntegrationType !== "AWS_PROXY" && IntegrationType !== "HTTP_PROXY")
    throw badRequest(
      "Currently, an API with a protocol type of HTTP may only be associated with proxy integrations (AWS_PROXY, HTTP_PROXY)",
    );
  if (given.ConnectionType === "VPC_LINK" || given.ConnectionId !== undefined)
    throw new NotEmulatedError("integrations through VPC links");
  if (PayloadFormatVersion === undefined)
    throw badRequest("PayloadFormatVersion is a required parameter for integration");
  const isService = given.IntegrationSubtype !== undefined;
  const formats = IntegrationType === "AWS_PROXY" && !isService ? ["1.0", "2.0"] : ["1.0"];
  if (!formats.includes(PayloadFormatVersion))
    throw badRequest(`PayloadFormatVersion ${PayloadFormatVersion} is not supported; allowed: ${formats.join(", ")}`);
  const integration: IntegrationRecord = {
    ConnectionType: "INTERNET",
    ...(IntegrationType === "AWS_PROXY" && !isService ? { IntegrationMethod: "POST" } : {}),
    TimeoutInMillis: TIMEOUT_MS_MAX,
    ...given,
    IntegrationType,
    PayloadFormatVersion,
    IntegrationId: cx.state.apis.newId(7),
  } as IntegrationRecord;
  checkTarget(integration);
  checkMappings(integration);
  if (given.CredentialsArn !== undefined) cx.authorize(passRole(given.CredentialsArn, "apigateway.amazonaws.com"));
  return integration;
}

function checkTarget({
  IntegrationType,
  IntegrationUri = "",
  IntegrationMethod,
  IntegrationSubtype,
  CredentialsArn,
  RequestParameters = {},
  ...rest
}: IntegrationRecord): void {
  if (IntegrationMethod !== undefined && !METHODS.has(IntegrationMethod))
    throw badRequest(`Invalid HTTP method: ${IntegrationMethod}`);
  if (IntegrationSubtype !== undefined) {
    if (IntegrationType !== "AWS_PROXY")
      throw badRequest("IntegrationSubtype is only supported for integration type AWS_PROXY");
    const fault = subtypeFault(IntegrationSubtype, RequestParameters);
    if (fault !== undefined) throw badRequest(fault);
    if (CredentialsArn === undefined)
      throw badRequest(`CredentialsArn is a required parameter for integration subtype ${IntegrationSubtype}`);
    return;
  }
  if (IntegrationType === "AWS_PROXY") {
    if (!isFunctionUri(IntegrationUri)) throw badRequest("Invalid function ARN or invalid uri");
    return;
  }
  if (IntegrationMethod === undefined) throw badRequest("HttpMethod must be specified for integration type HTTP_PROXY");
  if (!isUrl(IntegrationUri)) throw badRequest(`Invalid HTTP endpoint specified for URI`);
  if (rest.TlsConfig?.ServerNameToVerify === "") throw badRequest("ServerNameToVerify must not be empty");
}

function isUrl(uri: string): boolean {
  return /^https?:\/\/./.test(uri) && (uri.includes("${stageVariables.") || URL.canParse(uri.replace(/[{}]/g, "")));
}

function checkMappings({ IntegrationSubtype, RequestParameters, ResponseParameters = {} }: IntegrationRecord): void {
  try {
    if (IntegrationSubtype === undefined) compileRequestMapping(RequestParameters);
    for (const [status, parameters] of Object.entries(ResponseParameters)) {
      if (!/^[2-5]\d\d$/.test(status)) throw badRequest(`Invalid status code for response parameters: ${status}`);
      compileResponseMapping(parameters);
    }
  } catch (error) {
    if (error instanceof MappingError) throw badRequest(error.message);
    throw error;
  }
}

export function getIntegration(cx: Cx, { ApiId, IntegrationId }: Input<"apigatewayv2", "GetIntegration">): Integration {
  return findIntegration(cx, getApi(cx, ApiId), IntegrationId);
}

export function getIntegrations(
  cx: Cx,
  input: Input<"apigatewayv2", "GetIntegrations">,
): Output<"apigatewayv2", "GetIntegrations"> {
  const api = getApi(cx, input.ApiId);
  return pageOf([...cx.state.apis.integrations.values({ prefix: [api.ApiId] })], input);
}

export function updateIntegration(cx: Cx, input: Input<"apigatewayv2", "UpdateIntegration">): Integration {
  const api = getApi(cx, input.ApiId);
  const former = findIntegration(cx, api, input.IntegrationId);
  const given = givenOf(input, "ApiId", "IntegrationId");
  const { IntegrationId } = former;
  const integration: IntegrationRecord = {
    ...newIntegration(cx, {
      ...former,
      ...given,
      ...(given.RequestParameters
        ? { RequestParameters: merged(former.RequestParameters, given.RequestParameters, (value) => value === "") }
        : {}),
      ...(given.ResponseParameters
        ? {
            ResponseParameters: merged(
              former.ResponseParameters,
              given.ResponseParameters,
              (value) => Object.keys(value).length === 0,
            ),
          }
        : {}),
    }),
    IntegrationId,
  };
  cx.state.apis.integrations.put([api.ApiId, IntegrationId], integration);
  apiChanged(cx, api);
  return integration;
}

/** AWS: "Remove configured parameter mappings": an update adds to what is there; an empty value takes away. */
function merged<T>(
  former: Readonly<Record<string, T>> | undefined,
  given: Readonly<Record<string, T>>,
  isEmpty: (value: T) => boolean,
): Record<string, T> {
  return Object.fromEntries(Object.entries({ ...former, ...given }).filter(([, value]) => !isEmpty(value)));
}

export function deleteIntegration(
  cx: Cx,
  { ApiId, IntegrationId }: Input<"apigatewayv2", "DeleteIntegration">,
): object {
  const api = getApi(cx, ApiId);
  findIntegration(cx, api, IntegrationId);
  const using = [...cx.state.apis.routes.values({ prefix: [api.ApiId] })].filter(
    (route) => integrationOf(route) === IntegrationId,
  );
  if (using.length > 0)
    throw conflict(
      `Cannot delete Integration '${IntegrationId}' due to existing dependencies. Integration is referenced by Routes: ${using.map((route) => route.RouteId).join(", ")}`,
    );
  cx.state.apis.integrations.remove([api.ApiId, IntegrationId!]);
  apiChanged(cx, api);
  return {};
}
