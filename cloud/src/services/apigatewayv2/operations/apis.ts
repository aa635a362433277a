import { apiAddress } from "../../../aws/addresses.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { checkCors } from "../cors-rules.ts";
import { apiChanged } from "../deployment.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi as findApi, refuseForHttp } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { quickCreate, quickUpdate } from "../quick-create.ts";
import type { ApiRecord } from "../state.ts";
import { checkTags } from "../tags.ts";

type Api = NonNullable<Output<"apigatewayv2", "GetApis">["Items"]>[number];

/** AWS: the only selection expression of HTTP APIs, and the default of the one they do not use. */
const ROUTE_SELECTION = "$request.method $request.path";
const API_KEY_SELECTION = "$request.header.x-api-key";

export function createApi(cx: Cx, input: Input<"apigatewayv2", "CreateApi">): Api {
  if (input.ProtocolType === "WEBSOCKET")
    throw new NotEmulatedError("WebSocket APIs (apigatewayv2:CreateApi with ProtocolType WEBSOCKET)");
  checkSettings(input);
  if (input.RouteKey !== undefined && input.Target === undefined)
    throw badRequest("Target must be specified when RouteKey is specified");
  const api = newApi(cx, {
    Name: input.Name!,
    Description: input.Description,
    Version: input.Version,
    CorsConfiguration: input.CorsConfiguration,
    DisableExecuteApiEndpoint: input.DisableExecuteApiEndpoint,
    IpAddressType: input.IpAddressType ?? "ipv4",
    Tags: input.Tags,
  });
  cx.state.apis.addApi(api);
  if (input.Target !== undefined) quickCreate(cx, api, { ...input, Target: input.Target });
  return describe(cx, api);
}

/** A new API with what the call does not say. Not kept yet. */
export function newApi(
  cx: Cx,
  facts: Omit<ApiRecord, "ApiId" | "scope" | "createdMs" | "RouteSelectionExpression" | "ApiKeySelectionExpression">,
): ApiRecord {
  return {
    ...facts,
    ApiId: cx.state.apis.newId(10),
    scope: cx.scope,
    createdMs: cx.kernel.clock.now(),
    RouteSelectionExpression: ROUTE_SELECTION,
    ApiKeySelectionExpression: API_KEY_SELECTION,
  };
}

function checkSettings(input: Omit<Input<"apigatewayv2", "UpdateApi">, "ApiId">): void {
  refuseForHttp(input, ["DisableSchemaValidation"]);
  if (input.Name !== undefined && (input.Name.length < 1 || input.Name.length > 128))
    throw badRequest("Name must be between 1 and 128 characters");
  const selection = input.RouteSelectionExpression?.replace(/[{}]/g, "");
  if (selection !== undefined && selection !== ROUTE_SELECTION)
    throw badRequest('RouteSelectionExpression must be "${request.method} ${request.path}" for HTTP APIs');
  if (input.ApiKeySelectionExpression !== undefined && input.ApiKeySelectionExpression !== API_KEY_SELECTION)
    throw badRequest("ApiKeySelectionExpression is not supported for HTTP APIs");
  checkCors(input.CorsConfiguration);
  checkTags((input as { Tags?: Record<string, string> }).Tags);
}

export function getApi(cx: Cx, { ApiId }: Input<"apigatewayv2", "GetApi">): Api {
  return describe(cx, findApi(cx, ApiId));
}

export function getApis(cx: Cx, input: Input<"apigatewayv2", "GetApis">): Output<"apigatewayv2", "GetApis"> {
  const { Items, ...rest } = pageOf(cx.state.apis.apisOf(cx.scope), input);
  return { Items: Items.map((api) => describe(cx, api)), ...rest };
}

export function updateApi(cx: Cx, input: Input<"apigatewayv2", "UpdateApi">): Api {
  const api = findApi(cx, input.ApiId);
  checkSettings(input);
  const updated: ApiRecord = {
    ...api,
    Name: input.Name ?? api.Name,
    Description: input.Description ?? api.Description,
    Version: input.Version ?? api.Version,
    CorsConfiguration: input.CorsConfiguration ?? api.CorsConfiguration,
    DisableExecuteApiEndpoint: input.DisableExecuteApiEndpoint ?? api.DisableExecuteApiEndpoint,
    IpAddressType: input.IpAddressType ?? api.IpAddressType,
  };
  cx.state.apis.apis.put([api.ApiId], updated);
  if (input.Target !== undefined || input.RouteKey !== undefined || input.CredentialsArn !== undefined)
    quickUpdate(cx, updated, input);
  apiChanged(cx, updated);
  return describe(cx, updated);
}

export function deleteApi(cx: Cx, { ApiId }: Input<"apigatewayv2", "DeleteApi">): object {
  const api = findApi(cx, ApiId);
  cx.state.apis.removeApi(api);
  cx.state.forget(api.ApiId);
  return {};
}

export function deleteCorsConfiguration(cx: Cx, { ApiId }: Input<"apigatewayv2", "DeleteCorsConfiguration">): object {
  const { CorsConfiguration: _, ...api } = findApi(cx, ApiId);
  cx.state.apis.apis.put([api.ApiId], api);
  apiChanged(cx, api);
  return {};
}

export function describe(cx: Cx, api: ApiRecord): Api {
  const { scope: _, createdMs, ...members } = api;
  return {
    ...members,
    ProtocolType: "HTTP",
    // AWS: https://ID.execute-api.REGION.amazonaws.com; here the address that works.
    ApiEndpoint: apiAddress(cx.endpoint(), api.ApiId),
    CreatedDate: new Date(createdMs),
    DisableExecuteApiEndpoint: api.DisableExecuteApiEndpoint ?? false,
    Tags: api.Tags ?? {},
  };
}
