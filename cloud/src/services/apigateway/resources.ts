/** The CloudFormation types of REST APIs. */
import type { ResourceType } from "../../deploy/resource.ts";
import { restApi } from "./resources-api.ts";
import { account, deployment, stage } from "./resources-stage.ts";
import { method, resource } from "./resources-within.ts";

export const resources: readonly ResourceType[] = [restApi, resource, method, deployment, stage, account];
