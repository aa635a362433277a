/** The CloudFormation types of REST APIs. */
import type { ResourceType } from "../../deploy/resource.ts";
import { restApi } from "./resources-api.ts";
import { authorizer, gatewayResponse, model, requestValidator } from "./resources-settings.ts";
import { account, deployment, stage } from "./resources-stage.ts";
import { apiKey, usagePlan, usagePlanKey } from "./resources-usage.ts";
import { method, resource } from "./resources-within.ts";

export const resources: readonly ResourceType[] = [
  restApi,
  resource,
  method,
  deployment,
  stage,
  account,
  authorizer,
  model,
  requestValidator,
  gatewayResponse,
  apiKey,
  usagePlan,
  usagePlanKey,
];
