/** The CloudFormation types of EventBridge. */
import type { ResourceType } from "../../deploy/resource.ts";

export const resources: readonly ResourceType[] = [];
