/** The CloudFormation types of EventBridge. */
import type { ResourceType } from "../../deploy/resource.ts";
import { eventBus, eventBusPolicy } from "./resources/buses.ts";
import { apiDestination, connection } from "./resources/connections.ts";
import { archive, rule } from "./resources/rules.ts";

export const resources: readonly ResourceType[] = [rule, eventBus, eventBusPolicy, archive, connection, apiDestination];
