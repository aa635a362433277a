import type { GatewayResponse, GatewayResponseType } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import { badRequest, notFound } from "../errors.ts";
import { RESPONSES } from "../execute/fault.ts";
import type { Cx } from "../gateway.ts";
import { defined, getApi } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { member, patched, text, type PatchRules } from "../patch.ts";
import type { GatewayResponseRecord } from "../state.ts";

const TYPES = Object.keys(RESPONSES) as GatewayResponseType[];

/** @throws AwsError ValidationException */
function checkType(type: string | undefined): asserts type is GatewayResponseType {
  if (TYPES.includes(type as GatewayResponseType)) return;
  throw new AwsError(
    "ValidationException",
    `1 validation error detected: Value '${type}' at 'responseType' failed to satisfy constraint: Member must satisfy enum value set: [${TYPES.join(", ")}]`,
    { status: 400 },
  );
}

export function putGatewayResponse(cx: Cx, input: Input<"apigateway", "PutGatewayResponse">): GatewayResponse {
  const api = getApi(cx, input.restApiId);
  const { responseType, statusCode, responseParameters, responseTemplates } = input;
  checkType(responseType);
  return keep(cx, api.id, defined({ responseType, statusCode, responseParameters, responseTemplates }));
}

/** @throws AwsError BadRequestException */
export function keep(cx: Cx, apiId: string, response: GatewayResponseRecord): GatewayResponse {
  if (response.statusCode !== undefined && !/^[1-5]\d\d$/.test(response.statusCode))
    throw badRequest("Invalid status code specified");
  for (const [name, value] of Object.entries(response.responseParameters ?? {})) {
    const isRight =
      /^gatewayresponse\.header\.\S+$/.test(name) &&
      /^(?:'[^]*'|method\.request\.(?:header|querystring|path|multivalueheader|multivaluequerystring)\.\S+|context\.\S+|stageVariables\.\S+)$/.test(
        value,
      );
    if (!isRight)
      throw badRequest(
        `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: ${value}]`,
      );
  }
  cx.state.apis.gatewayResponses.put([apiId, response.responseType], response);
  cx.state.changed(apiId);
  return { ...response, defaultResponse: false };
}

/** AWS: every type has a response, whether it was put or not. */
function standard(responseType: GatewayResponseType): GatewayResponse {
  const statusCode = String(RESPONSES[responseType].status);
  return {
    responseType,
    ...(responseType.startsWith("DEFAULT_") ? {} : { statusCode }),
    responseParameters: {},
    responseTemplates: { "application/json": `{"message":$context.error.messageString}` },
    defaultResponse: true,
  };
}

export function getGatewayResponse(cx: Cx, input: Input<"apigateway", "GetGatewayResponse">): GatewayResponse {
  const api = getApi(cx, input.restApiId);
  checkType(input.responseType);
  return found(cx, api.id, input.responseType);
}

function found(cx: Cx, apiId: string, type: GatewayResponseType): GatewayResponse {
  const own = cx.state.apis.gatewayResponses.get([apiId, type]);
  return own ? { responseParameters: {}, responseTemplates: {}, ...own, defaultResponse: false } : standard(type);
}

export function getGatewayResponses(
  cx: Cx,
  input: Input<"apigateway", "GetGatewayResponses">,
): Output<"apigateway", "GetGatewayResponses"> {
  const api = getApi(cx, input.restApiId);
  return pageOf(
    TYPES.map((type) => found(cx, api.id, type)),
    input,
  );
}

const RULES: PatchRules = { "/statusCode": text, "/responseParameters/*": member, "/responseTemplates/*": member };

export function updateGatewayResponse(cx: Cx, input: Input<"apigateway", "UpdateGatewayResponse">): GatewayResponse {
  const api = getApi(cx, input.restApiId);
  checkType(input.responseType);
  const { defaultResponse: _, ...record } = found(cx, api.id, input.responseType);
  const changed = patched(record as GatewayResponseRecord, input.patchOperations, RULES);
  return keep(cx, api.id, defined(changed));
}

export function deleteGatewayResponse(
  cx: Cx,
  input: Input<"apigateway", "DeleteGatewayResponse">,
): Record<string, never> {
  const api = getApi(cx, input.restApiId);
  checkType(input.responseType);
  if (!cx.state.apis.gatewayResponses.remove([api.id, input.responseType]))
    throw notFound("Gateway response type not defined on api");
  cx.state.changed(api.id);
  return {};
}
