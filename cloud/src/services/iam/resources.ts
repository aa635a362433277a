import type { ResourceType } from "../../deploy/resource.ts";
import { accessKey, instanceProfile, oidcProvider, serviceLinkedRole } from "./resources/others.ts";
import { groupPolicy, managedPolicy, policy, rolePolicy, userPolicy } from "./resources/policies.ts";
import { group, role, user, userToGroupAddition } from "./resources/principals.ts";

/** IAM's CloudFormation types. */
export const resources: readonly ResourceType[] = [
  role,
  user,
  group,
  userToGroupAddition,
  policy,
  rolePolicy,
  userPolicy,
  groupPolicy,
  managedPolicy,
  accessKey,
  instanceProfile,
  oidcProvider,
  serviceLinkedRole,
];
