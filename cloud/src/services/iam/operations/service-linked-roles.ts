import { NotEmulatedError } from "../../../aws/error.ts";
import type { Operations } from "../../../service.ts";
import { uniqueId } from "../../../iam/identifiers.ts";
import type { IamState, RoleRecord } from "../../../iam/state.ts";
import { awsManagedPolicies } from "../../../iam/managed-policy.ts";
import { getEntity, putEntity, removeEntity } from "../entity.ts";
import { invalidInput, noSuchEntity } from "../errors.ts";
import { roleSummary } from "./roles.ts";

interface LinkedRole {
  readonly name: string;
  /** AWS managed policy that AWS attaches, by name. */
  readonly policy: string;
}

/** AWS: "AWS services that work with IAM", service-linked roles. Others are refused by name. */
const LINKED: Record<string, LinkedRole> = {
  "ops.apigateway.amazonaws.com": { name: "AWSServiceRoleForAPIGateway", policy: "APIGatewayServiceRolePolicy" },
  "apidestinations.events.amazonaws.com": {
    name: "AWSServiceRoleForAmazonEventBridgeApiDestinations",
    policy: "AmazonEventBridgeApiDestinationsServiceRolePolicy",
  },
  "ecs.amazonaws.com": { name: "AWSServiceRoleForECS", policy: "AmazonECSServiceRolePolicy" },
  "events.amazonaws.com": { name: "AWSServiceRoleForCloudWatchEvents", policy: "CloudWatchEventsServiceRolePolicy" },
  "lambda.amazonaws.com": { name: "AWSServiceRoleForLambda", policy: "AWSLambdaServiceRolePolicy" },
  "rds.amazonaws.com": { name: "AWSServiceRoleForRDS", policy: "AmazonRDSServiceRolePolicy" },
  "replication.dynamodb.amazonaws.com": {
    name: "AWSServiceRoleForDynamoDBReplication",
    policy: "DynamoDBReplicationServiceRolePolicy",
  },
};

function trustOf(service: string): string {
  const Statement = [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }];
  return JSON.stringify({ Version: "2012-10-17", Statement });
}

export const serviceLinkedRoles = {
  CreateServiceLinkedRole(cx, { AWSServiceName = "", Description, CustomSuffix }) {
    const linked = LINKED[AWSServiceName];
    if (!linked) throw new NotEmulatedError(`the service-linked role of ${AWSServiceName}`);
    if (CustomSuffix !== undefined) throw new NotEmulatedError("CustomSuffix of CreateServiceLinkedRole");
    if (cx.state.roles.has([cx.scope.account, linked.name.toLowerCase()]))
      throw invalidInput(
        `Service role name ${linked.name} has been taken in this account, please try a different suffix.`,
      );
    const policy = awsManagedPolicies()[linked.policy];
    const role: RoleRecord = {
      account: cx.scope.account,
      name: linked.name,
      path: `/aws-service-role/${AWSServiceName}/`,
      id: uniqueId(cx.kernel.random, "AROA"),
      createdMs: cx.kernel.clock.seconds() * 1000,
      inline: {},
      attached: policy ? [`arn:aws:iam::aws:policy${policy.path}${linked.policy}`] : [],
      tags: {},
      trust: trustOf(AWSServiceName),
      description: Description,
      sessionSecondsMax: 3_600,
      linkedTo: AWSServiceName,
    };
    putEntity(cx, "role", role);
    return { Role: roleSummary(role) };
  },

  DeleteServiceLinkedRole(cx, { RoleName = "" }) {
    const role = getEntity(cx, "role", RoleName);
    if (role.linkedTo === undefined) throw invalidInput(`The role ${RoleName} is not a service-linked role.`);
    removeEntity(cx, "role", RoleName);
    return { DeletionTaskId: `task${role.path}${RoleName}/${cx.kernel.random.uuid()}` };
  },

  GetServiceLinkedRoleDeletionStatus(cx, { DeletionTaskId = "" }) {
    const [, service, name] = /^task\/aws-service-role\/([^/]+)\/([^/]+)\/[0-9a-f-]{36}$/.exec(DeletionTaskId) ?? [];
    if (service === undefined || name === undefined || cx.state.roles.has([cx.scope.account, name.toLowerCase()]))
      throw noSuchEntity(`Deletion task ${DeletionTaskId} cannot be found.`);
    return { Status: "SUCCEEDED" as const };
  },
} satisfies Operations<"iam", IamState>;
