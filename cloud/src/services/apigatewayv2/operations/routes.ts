import type { Route } from "@aws-sdk/client-apigatewayv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { apiChanged } from "../deployment.ts";
import { badRequest, conflict, tooMany } from "../errors.ts";
import { integrationOf } from "../execute/compile.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getAuthorizer, getIntegration, getRoute as findRoute, givenOf, refuseForHttp } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { DEFAULT_ROUTE, findRouteKey } from "../../../gateway/route-key.ts";
import type { ApiRecord, RouteRecord } from "../state.ts";

/** AWS: "Quotas for configuring and running an HTTP API". */
const ROUTES_MAX = 300;
const SCOPES_MAX = 10;
const WEBSOCKET_ONLY = [
  "ApiKeyRequired",
  "ModelSelectionExpression",
  "RequestModels",
  "RequestParameters",
  "RouteResponseSelectionExpression",
];

export function createRoute(cx: Cx, input: Input<"apigatewayv2", "CreateRoute">): Route {
  const api = getApi(cx, input.ApiId);
  if (cx.state.apis.routes.count({ prefix: [api.ApiId] }) >= ROUTES_MAX) throw tooMany("Routes");
  const route = newRoute(cx, api, givenOf(input, "ApiId"));
  cx.state.apis.routes.put([api.ApiId, route.RouteId], route);
  apiChanged(cx, api);
  return describe(route);
}

/** A route, checked. Not kept yet. @throws AwsError */
export function newRoute(cx: Cx, api: ApiRecord, given: Partial<Route>, RouteId = cx.state.apis.newId(7)): RouteRecord {
  refuseForHttp(given, WEBSOCKET_ONLY);
  const route: RouteRecord = {
    ...given,
    RouteId,
    RouteKey: given.RouteKey ?? "",
    AuthorizationType: given.AuthorizationType ?? "NONE",
  };
  checkKey(cx, api, route);
  checkAuthorization(cx, api, route);
  if (route.Target !== undefined) {
    if (!/^integrations\/[^/]+$/.test(route.Target))
      throw badRequest(`Invalid target: ${route.Target}. It must have the form integrations/IntegrationId`);
    getIntegration(cx, api, integrationOf(route));
  }
  return route;
}

function checkKey(cx: Cx, api: ApiRecord, { RouteId, RouteKey }: RouteRecord): void {
  if (RouteKey !== DEFAULT_ROUTE && !findRouteKey(RouteKey))
    throw badRequest(
      'The provided route key is not formatted properly for HTTP protocol. Format should be "<HTTP METHOD> /<RESOURCE PATH>" or "$default"',
    );
  for (const other of cx.state.apis.routes.values({ prefix: [api.ApiId] }))
    if (other.RouteKey === RouteKey && other.RouteId !== RouteId)
      throw conflict(`Route with key ${RouteKey} already exists for this API`);
}

function checkAuthorization(
  cx: Cx,
  api: ApiRecord,
  { AuthorizationType, AuthorizerId, AuthorizationScopes = [] }: RouteRecord,
): void {
  const isNamed = AuthorizationType === "JWT" || AuthorizationType === "CUSTOM";
  if (isNamed && AuthorizerId === undefined)
    throw badRequest(`AuthorizerId is required for authorization type ${AuthorizationType}`);
  if (!isNamed && AuthorizerId !== undefined)
    throw badRequest(`AuthorizerId is not supported for authorization type ${AuthorizationType}`);
  if (isNamed) {
    const { AuthorizerType } = getAuthorizer(cx, api, AuthorizerId);
    if ((AuthorizationType === "JWT") !== (AuthorizerType === "JWT"))
      throw badRequest(
        `Authorizer ${AuthorizerId} of type ${AuthorizerType} does not fit authorization type ${AuthorizationType}`,
      );
  }
  if (AuthorizationScopes.length > 0 && AuthorizationType !== "JWT")
    throw badRequest("Authorization scopes are only supported for routes with authorization type JWT");
  if (AuthorizationScopes.length > SCOPES_MAX)
    throw badRequest(`A route may have at most ${SCOPES_MAX} authorization scopes`);
}

export function getRoute(cx: Cx, { ApiId, RouteId }: Input<"apigatewayv2", "GetRoute">): Route {
  return describe(findRoute(cx, getApi(cx, ApiId), RouteId));
}

export function getRoutes(cx: Cx, input: Input<"apigatewayv2", "GetRoutes">): Output<"apigatewayv2", "GetRoutes"> {
  const api = getApi(cx, input.ApiId);
  const { Items, ...rest } = pageOf([...cx.state.apis.routes.values({ prefix: [api.ApiId] })], input);
  return { Items: Items.map(describe), ...rest };
}

export function updateRoute(cx: Cx, input: Input<"apigatewayv2", "UpdateRoute">): Route {
  const api = getApi(cx, input.ApiId);
  const { AuthorizerId, AuthorizationScopes, ...former } = findRoute(cx, api, input.RouteId);
  const given = givenOf(input, "ApiId", "RouteId");
  // AWS: another type of authorization drops what belonged to the former one.
  const isKept = given.AuthorizationType === undefined || given.AuthorizationType === former.AuthorizationType;
  const kept = isKept ? givenOf({ AuthorizerId, AuthorizationScopes }) : {};
  const route = newRoute(cx, api, { ...former, ...kept, ...given }, former.RouteId);
  cx.state.apis.routes.put([api.ApiId, route.RouteId], route);
  apiChanged(cx, api);
  return describe(route);
}

export function deleteRoute(cx: Cx, { ApiId, RouteId }: Input<"apigatewayv2", "DeleteRoute">): object {
  const api = getApi(cx, ApiId);
  const route = findRoute(cx, api, RouteId);
  cx.state.apis.routes.remove([api.ApiId, route.RouteId]);
  apiChanged(cx, api);
  return {};
}

function describe(route: RouteRecord): Route {
  return { ApiKeyRequired: false, ...route };
}
