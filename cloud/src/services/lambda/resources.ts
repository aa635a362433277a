/** The CloudFormation types of Lambda. */
import type { ResourceType } from "../../deploy/resource.ts";
import { layerVersionPermission, permission, url } from "./resources/access.ts";
import { eventInvokeConfig } from "./resources/event-invoke-config.ts";
import { eventSourceMapping } from "./resources/event-source-mapping.ts";
import { lambdaFunction } from "./resources/function.ts";
import { layerVersion } from "./resources/layer-version.ts";
import { alias, version } from "./resources/version.ts";

export const resources: readonly ResourceType[] = [
  lambdaFunction,
  version,
  alias,
  permission,
  url,
  layerVersion,
  layerVersionPermission,
  eventInvokeConfig,
  eventSourceMapping,
];
