/** The CloudFormation types of DynamoDB. */
import type { ResourceType } from "../../deploy/resource.ts";
import { globalTable } from "./resources/global-table.ts";
import { table } from "./resources/table.ts";

export const resources: readonly ResourceType[] = [table, globalTable];
