/**
 * Amazon API Gateway, version 1: REST APIs, their management and their requests.
 *
 * Gap: response caching, canary releases, private APIs, custom domain names, VPC links, client certificates,
 * documentation, generated SDKs, WAF and response streaming are refused by name.
 * Gap: the account's limit of 10,000 requests a second is not enforced; limits of stages, methods and usage plans are.
 * Gap: Cognito identities, private networks and client certificates are empty in events and logs, as they are at AWS for
 * requests without them.
 * Quirk: events name AWS's host as `domainName`, but what the client used in `Host`, `X-Forwarded-Port` and
 * `X-Forwarded-Proto`.
 */
import { findApiAddress, type ApiAddress } from "../../gateway/address.ts";
import { asksOf } from "../../gateway/management-ask.ts";
import { defineService, suspends, type DataPlane } from "../../service.ts";
import { executeApi } from "./execute/execute.ts";
import { Gateway } from "./gateway.ts";
import * as account from "./operations/account.ts";
import * as apis from "./operations/apis.ts";
import * as deployments from "./operations/deployments.ts";
import * as imports from "./operations/import.ts";
import * as integrations from "./operations/integrations.ts";
import * as methods from "./operations/methods.ts";
import * as apiResources from "./operations/resources.ts";
import * as stages from "./operations/stages.ts";
import * as authorizers from "./operations/authorizers.ts";
import * as models from "./operations/models.ts";
import * as validators from "./operations/validators.ts";
import * as exports from "./operations/export.ts";
import * as gatewayResponses from "./operations/gateway-responses.ts";
import * as keys from "./operations/keys.ts";
import * as usagePlans from "./operations/usage-plans.ts";
import * as tags from "./operations/tags.ts";
import * as tests from "./operations/test-invoke.ts";
import { resources } from "./resources.ts";

const execute: DataPlane<Gateway, ApiAddress> = {
  operation: "ExecuteApi",
  // HTTP APIs are asked after REST APIs, and answer for whatever is neither.
  match(head, state) {
    const address = findApiAddress(head);
    return address && state.apis.apis.has([address.apiId]) ? address : undefined;
  },
  // Which permission a request needs is known when its method is.
  authorize: () => [],
  handle: executeApi,
  // Larger than an API takes, so that the API tells it in its own words.
  bodyBytesMax: 12 * 1024 * 1024,
};

const asks = asksOf("apigateway");

export const apigateway = defineService({
  api: "apigateway",
  iamPrefix: "apigateway",
  state: (kernel) => new Gateway(kernel),
  dataPlanes: [execute as DataPlane<Gateway>],
  resources,
  operations: {
    CreateRestApi: apis.createRestApi,
    GetRestApi: apis.getRestApi,
    GetRestApis: apis.getRestApis,
    UpdateRestApi: apis.updateRestApi,
    DeleteRestApi: apis.deleteRestApi,
    ImportRestApi: imports.importRestApi,
    PutRestApi: imports.putRestApi,
    CreateResource: apiResources.createResource,
    GetResource: apiResources.getResource,
    GetResources: apiResources.getResources,
    UpdateResource: apiResources.updateResource,
    DeleteResource: apiResources.deleteResource,
    PutMethod: methods.putMethod,
    GetMethod: methods.getMethod,
    UpdateMethod: methods.updateMethod,
    DeleteMethod: methods.deleteMethod,
    PutMethodResponse: methods.putMethodResponse,
    GetMethodResponse: methods.getMethodResponse,
    UpdateMethodResponse: methods.updateMethodResponse,
    DeleteMethodResponse: methods.deleteMethodResponse,
    PutIntegration: integrations.putIntegration,
    GetIntegration: integrations.getIntegration,
    UpdateIntegration: integrations.updateIntegration,
    DeleteIntegration: integrations.deleteIntegration,
    PutIntegrationResponse: integrations.putIntegrationResponse,
    GetIntegrationResponse: integrations.getIntegrationResponse,
    UpdateIntegrationResponse: integrations.updateIntegrationResponse,
    DeleteIntegrationResponse: integrations.deleteIntegrationResponse,
    CreateDeployment: deployments.createDeployment,
    GetDeployment: deployments.getDeployment,
    GetDeployments: deployments.getDeployments,
    UpdateDeployment: deployments.updateDeployment,
    DeleteDeployment: deployments.deleteDeployment,
    CreateStage: stages.createStage,
    GetStage: stages.getStage,
    GetStages: stages.getStages,
    UpdateStage: stages.updateStage,
    DeleteStage: stages.deleteStage,
    FlushStageAuthorizersCache: stages.flushStageAuthorizersCache,
    CreateAuthorizer: authorizers.createAuthorizer,
    GetAuthorizer: authorizers.getAuthorizer,
    GetAuthorizers: authorizers.getAuthorizers,
    UpdateAuthorizer: authorizers.updateAuthorizer,
    DeleteAuthorizer: authorizers.deleteAuthorizer,
    CreateModel: models.createModel,
    GetModel: models.getModel,
    GetModels: models.getModels,
    UpdateModel: models.updateModel,
    DeleteModel: models.deleteModel,
    CreateRequestValidator: validators.createRequestValidator,
    GetRequestValidator: validators.getRequestValidator,
    GetRequestValidators: validators.getRequestValidators,
    UpdateRequestValidator: validators.updateRequestValidator,
    DeleteRequestValidator: validators.deleteRequestValidator,
    PutGatewayResponse: gatewayResponses.putGatewayResponse,
    GetGatewayResponse: gatewayResponses.getGatewayResponse,
    GetGatewayResponses: gatewayResponses.getGatewayResponses,
    UpdateGatewayResponse: gatewayResponses.updateGatewayResponse,
    DeleteGatewayResponse: gatewayResponses.deleteGatewayResponse,
    CreateApiKey: keys.createApiKey,
    GetApiKey: keys.getApiKey,
    GetApiKeys: keys.getApiKeys,
    UpdateApiKey: keys.updateApiKey,
    DeleteApiKey: keys.deleteApiKey,
    ImportApiKeys: keys.importApiKeys,
    CreateUsagePlan: usagePlans.createUsagePlan,
    GetUsagePlan: usagePlans.getUsagePlan,
    GetUsagePlans: usagePlans.getUsagePlans,
    UpdateUsagePlan: usagePlans.updateUsagePlan,
    DeleteUsagePlan: usagePlans.deleteUsagePlan,
    CreateUsagePlanKey: usagePlans.createUsagePlanKey,
    GetUsagePlanKey: usagePlans.getUsagePlanKey,
    GetUsagePlanKeys: usagePlans.getUsagePlanKeys,
    DeleteUsagePlanKey: usagePlans.deleteUsagePlanKey,
    GetUsage: usagePlans.getUsage,
    UpdateUsage: usagePlans.updateUsage,
    GetExport: exports.getExport,
    TestInvokeMethod: suspends(tests.testInvokeMethod),
    TestInvokeAuthorizer: suspends(tests.testInvokeAuthorizer),
    GetAccount: account.getAccount,
    UpdateAccount: account.updateAccount,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    GetTags: tags.getTags,
  },
  authorize: {
    CreateRestApi: asks("CreateRestApi"),
    GetRestApi: asks("GetRestApi"),
    GetRestApis: asks("GetRestApis"),
    UpdateRestApi: asks("UpdateRestApi"),
    DeleteRestApi: asks("DeleteRestApi"),
    ImportRestApi: asks("ImportRestApi"),
    PutRestApi: asks("PutRestApi"),
    CreateResource: asks("CreateResource"),
    GetResource: asks("GetResource"),
    GetResources: asks("GetResources"),
    UpdateResource: asks("UpdateResource"),
    DeleteResource: asks("DeleteResource"),
    PutMethod: asks("PutMethod"),
    GetMethod: asks("GetMethod"),
    UpdateMethod: asks("UpdateMethod"),
    DeleteMethod: asks("DeleteMethod"),
    PutMethodResponse: asks("PutMethodResponse"),
    GetMethodResponse: asks("GetMethodResponse"),
    UpdateMethodResponse: asks("UpdateMethodResponse"),
    DeleteMethodResponse: asks("DeleteMethodResponse"),
    PutIntegration: asks("PutIntegration"),
    GetIntegration: asks("GetIntegration"),
    UpdateIntegration: asks("UpdateIntegration"),
    DeleteIntegration: asks("DeleteIntegration"),
    PutIntegrationResponse: asks("PutIntegrationResponse"),
    GetIntegrationResponse: asks("GetIntegrationResponse"),
    UpdateIntegrationResponse: asks("UpdateIntegrationResponse"),
    DeleteIntegrationResponse: asks("DeleteIntegrationResponse"),
    CreateDeployment: asks("CreateDeployment"),
    GetDeployment: asks("GetDeployment"),
    GetDeployments: asks("GetDeployments"),
    UpdateDeployment: asks("UpdateDeployment"),
    DeleteDeployment: asks("DeleteDeployment"),
    CreateStage: asks("CreateStage"),
    GetStage: asks("GetStage"),
    GetStages: asks("GetStages"),
    UpdateStage: asks("UpdateStage"),
    DeleteStage: asks("DeleteStage"),
    FlushStageAuthorizersCache: asks("FlushStageAuthorizersCache"),
    CreateAuthorizer: asks("CreateAuthorizer"),
    GetAuthorizer: asks("GetAuthorizer"),
    GetAuthorizers: asks("GetAuthorizers"),
    UpdateAuthorizer: asks("UpdateAuthorizer"),
    DeleteAuthorizer: asks("DeleteAuthorizer"),
    CreateModel: asks("CreateModel"),
    GetModel: asks("GetModel"),
    GetModels: asks("GetModels"),
    UpdateModel: asks("UpdateModel"),
    DeleteModel: asks("DeleteModel"),
    CreateRequestValidator: asks("CreateRequestValidator"),
    GetRequestValidator: asks("GetRequestValidator"),
    GetRequestValidators: asks("GetRequestValidators"),
    UpdateRequestValidator: asks("UpdateRequestValidator"),
    DeleteRequestValidator: asks("DeleteRequestValidator"),
    PutGatewayResponse: asks("PutGatewayResponse"),
    GetGatewayResponse: asks("GetGatewayResponse"),
    GetGatewayResponses: asks("GetGatewayResponses"),
    UpdateGatewayResponse: asks("UpdateGatewayResponse"),
    DeleteGatewayResponse: asks("DeleteGatewayResponse"),
    CreateApiKey: asks("CreateApiKey"),
    GetApiKey: asks("GetApiKey"),
    GetApiKeys: asks("GetApiKeys"),
    UpdateApiKey: asks("UpdateApiKey"),
    DeleteApiKey: asks("DeleteApiKey"),
    ImportApiKeys: asks("ImportApiKeys"),
    CreateUsagePlan: asks("CreateUsagePlan"),
    GetUsagePlan: asks("GetUsagePlan"),
    GetUsagePlans: asks("GetUsagePlans"),
    UpdateUsagePlan: asks("UpdateUsagePlan"),
    DeleteUsagePlan: asks("DeleteUsagePlan"),
    CreateUsagePlanKey: asks("CreateUsagePlanKey"),
    GetUsagePlanKey: asks("GetUsagePlanKey"),
    GetUsagePlanKeys: asks("GetUsagePlanKeys"),
    DeleteUsagePlanKey: asks("DeleteUsagePlanKey"),
    GetUsage: asks("GetUsage"),
    UpdateUsage: asks("UpdateUsage"),
    GetExport: asks("GetExport"),
    TestInvokeMethod: asks("TestInvokeMethod"),
    TestInvokeAuthorizer: asks("TestInvokeAuthorizer"),
    GetAccount: asks("GetAccount"),
    UpdateAccount: asks("UpdateAccount"),
    TagResource: asks("TagResource"),
    UntagResource: asks("UntagResource"),
    GetTags: asks("GetTags"),
  },
});
