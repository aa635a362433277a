/**
 * Amazon API Gateway, version 2: HTTP APIs, their management and their requests.
 *
 * Gap: WebSocket APIs, custom domain names, API mappings, VPC links, portals, models, route and integration responses
 * and ExportApi are refused by name.
 * Gap: the account's limit of 10,000 requests a second is not enforced; limits of stages and routes are.
 * Gap: superseded automatic deployments are not kept; a JWT authorizer's issuer is asked by the first token, not when
 * the authorizer is made; detailed metrics are refused; mutual TLS does not exist.
 * Quirk: `ApiEndpoint` is the address that works here. Events name AWS's host as `domainName`, but what the client used
 * in `host`, `x-forwarded-port` and `x-forwarded-proto`.
 * Quirk: paths are decoded before routes are matched, as real HTTP APIs do.
 */
import { defineService, suspends, type DataPlane } from "../../service.ts";
import { findApiAddress, type ApiAddress } from "../../gateway/address.ts";
import { executeApi } from "./execute/execute.ts";
import { Gateway } from "./gateway.ts";
import { asksOf } from "../../gateway/management-ask.ts";
import * as apis from "./operations/apis.ts";
import * as authorizers from "./operations/authorizers.ts";
import * as deployments from "./operations/deployments.ts";
import * as imports from "./operations/import.ts";
import * as integrations from "./operations/integrations.ts";
import * as routes from "./operations/routes.ts";
import * as stages from "./operations/stages.ts";
import * as tags from "./operations/tags.ts";
import { resources } from "./resources.ts";

const execute: DataPlane<Gateway, ApiAddress> = {
  operation: "ExecuteApi",
  match: findApiAddress,
  // Which permission a request needs is known when its route is: routes with IAM authorization ask in `handle`.
  authorize: () => [],
  handle: executeApi,
};

const asks = asksOf("apigatewayv2");

export const apigatewayv2 = defineService({
  api: "apigatewayv2",
  iamPrefix: "apigateway",
  state: (kernel) => new Gateway(kernel),
  dataPlanes: [execute as DataPlane<Gateway>],
  resources,
  operations: {
    CreateApi: apis.createApi,
    GetApi: apis.getApi,
    GetApis: apis.getApis,
    UpdateApi: apis.updateApi,
    DeleteApi: apis.deleteApi,
    DeleteCorsConfiguration: apis.deleteCorsConfiguration,
    ImportApi: imports.importApi,
    ReimportApi: imports.reimportApi,
    CreateRoute: routes.createRoute,
    GetRoute: routes.getRoute,
    GetRoutes: routes.getRoutes,
    UpdateRoute: routes.updateRoute,
    DeleteRoute: routes.deleteRoute,
    CreateIntegration: integrations.createIntegration,
    GetIntegration: integrations.getIntegration,
    GetIntegrations: integrations.getIntegrations,
    UpdateIntegration: integrations.updateIntegration,
    DeleteIntegration: integrations.deleteIntegration,
    CreateAuthorizer: authorizers.createAuthorizer,
    GetAuthorizer: authorizers.getAuthorizer,
    GetAuthorizers: authorizers.getAuthorizers,
    UpdateAuthorizer: authorizers.updateAuthorizer,
    DeleteAuthorizer: authorizers.deleteAuthorizer,
    ResetAuthorizersCache: authorizers.resetAuthorizersCache,
    CreateStage: suspends(stages.createStage),
    GetStage: stages.getStage,
    GetStages: stages.getStages,
    UpdateStage: suspends(stages.updateStage),
    DeleteStage: stages.deleteStage,
    DeleteAccessLogSettings: stages.deleteAccessLogSettings,
    DeleteRouteSettings: stages.deleteRouteSettings,
    CreateDeployment: deployments.createDeployment,
    GetDeployment: deployments.getDeployment,
    GetDeployments: deployments.getDeployments,
    UpdateDeployment: deployments.updateDeployment,
    DeleteDeployment: deployments.deleteDeployment,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    GetTags: tags.getTags,
  },
  authorize: {
    CreateApi: asks("CreateApi"),
    GetApi: asks("GetApi"),
    GetApis: asks("GetApis"),
    UpdateApi: asks("UpdateApi"),
    DeleteApi: asks("DeleteApi"),
    DeleteCorsConfiguration: asks("DeleteCorsConfiguration"),
    ImportApi: asks("ImportApi"),
    ReimportApi: asks("ReimportApi"),
    CreateRoute: asks("CreateRoute"),
    GetRoute: asks("GetRoute"),
    GetRoutes: asks("GetRoutes"),
    UpdateRoute: asks("UpdateRoute"),
    DeleteRoute: asks("DeleteRoute"),
    CreateIntegration: asks("CreateIntegration"),
    GetIntegration: asks("GetIntegration"),
    GetIntegrations: asks("GetIntegrations"),
    UpdateIntegration: asks("UpdateIntegration"),
    DeleteIntegration: asks("DeleteIntegration"),
    CreateAuthorizer: asks("CreateAuthorizer"),
    GetAuthorizer: asks("GetAuthorizer"),
    GetAuthorizers: asks("GetAuthorizers"),
    UpdateAuthorizer: asks("UpdateAuthorizer"),
    DeleteAuthorizer: asks("DeleteAuthorizer"),
    ResetAuthorizersCache: asks("ResetAuthorizersCache"),
    CreateStage: asks("CreateStage"),
    GetStage: asks("GetStage"),
    GetStages: asks("GetStages"),
    UpdateStage: asks("UpdateStage"),
    DeleteStage: asks("DeleteStage"),
    DeleteAccessLogSettings: asks("DeleteAccessLogSettings"),
    DeleteRouteSettings: asks("DeleteRouteSettings"),
    CreateDeployment: asks("CreateDeployment"),
    GetDeployment: asks("GetDeployment"),
    GetDeployments: asks("GetDeployments"),
    UpdateDeployment: asks("UpdateDeployment"),
    DeleteDeployment: asks("DeleteDeployment"),
    TagResource: asks("TagResource"),
    UntagResource: asks("UntagResource"),
    GetTags: asks("GetTags"),
  },
});
