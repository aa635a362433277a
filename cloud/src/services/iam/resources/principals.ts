import { defineResource, type ResourceTag } from "../../../deploy/resource.ts";
import { changePolicies, dropPolicies, textOf, unlessGone, type Document, type InlinePolicy } from "./entity.ts";

interface RoleProps {
  RoleName?: string;
  Path?: string;
  AssumeRolePolicyDocument: Document;
  Description?: string;
  MaxSessionDuration?: number;
  PermissionsBoundary?: string;
  ManagedPolicyArns?: string[];
  Policies?: InlinePolicy[];
  Tags?: ResourceTag[];
}

export const role = defineResource<RoleProps>({
  type: "AWS::IAM::Role",
  honours: {
    RoleName: true,
    Path: true,
    AssumeRolePolicyDocument: true,
    Description: true,
    MaxSessionDuration: true,
    PermissionsBoundary: true,
    ManagedPolicyArns: true,
    Policies: true,
    Tags: true,
  },
  async create(cx, props) {
    const name = props.RoleName ?? cx.physicalName(64);
    await cx.call("iam", "CreateRole", {
      RoleName: name,
      Path: props.Path,
      AssumeRolePolicyDocument: textOf(props.AssumeRolePolicyDocument),
      Description: props.Description,
      MaxSessionDuration: props.MaxSessionDuration,
      PermissionsBoundary: props.PermissionsBoundary,
      Tags: ownTags(cx.mergedTags(props.Tags)),
    });
    cx.initiated(name);
    await changePolicies(cx, "role", name, props, {});
    return { physicalId: name };
  },
  async update(cx, { physicalId: RoleName, props, previous }) {
    const PolicyDocument = textOf(props.AssumeRolePolicyDocument);
    await cx.call("iam", "UpdateAssumeRolePolicy", { RoleName, PolicyDocument });
    const { Description = "", MaxSessionDuration = 3_600, PermissionsBoundary } = props;
    await cx.call("iam", "UpdateRole", { RoleName, Description, MaxSessionDuration });
    if (PermissionsBoundary !== undefined)
      await cx.call("iam", "PutRolePermissionsBoundary", { RoleName, PermissionsBoundary });
    else if (previous.PermissionsBoundary !== undefined)
      await unlessGone(async () => void (await cx.call("iam", "DeleteRolePermissionsBoundary", { RoleName })));
    await changePolicies(cx, "role", RoleName, props, previous);
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("iam", "UntagRole", { RoleName, TagKeys });
    const Tags = ownTags(cx.mergedTags(props.Tags));
    if (Tags.length > 0) await cx.call("iam", "TagRole", { RoleName, Tags });
  },
  async delete(cx, { physicalId: RoleName, props }) {
    await dropPolicies(cx, "role", RoleName, props);
    await cx.call("iam", "DeleteRole", { RoleName });
  },
  async attributes(cx, RoleName) {
    const { Role } = await cx.call("iam", "GetRole", { RoleName });
    return { Arn: Role?.Arn, RoleId: Role?.RoleId };
  },
});

interface UserProps {
  UserName?: string;
  Path?: string;
  Groups?: string[];
  PermissionsBoundary?: string;
  ManagedPolicyArns?: string[];
  Policies?: InlinePolicy[];
  Tags?: ResourceTag[];
}

export const user = defineResource<UserProps>({
  type: "AWS::IAM::User",
  honours: {
    UserName: true,
    Path: true,
    Groups: true,
    PermissionsBoundary: true,
    ManagedPolicyArns: true,
    Policies: true,
    Tags: true,
  },
  async create(cx, props) {
    const name = props.UserName ?? cx.physicalName(64);
    const { Path, PermissionsBoundary, Groups = [] } = props;
    await cx.call("iam", "CreateUser", {
      UserName: name,
      Path,
      PermissionsBoundary,
      Tags: ownTags(cx.mergedTags(props.Tags)),
    });
    cx.initiated(name);
    for (const GroupName of Groups) await cx.call("iam", "AddUserToGroup", { GroupName, UserName: name });
    await changePolicies(cx, "user", name, props, {});
    return { physicalId: name };
  },
  async update(cx, { physicalId: UserName, props, previous }) {
    const { Path = "/", PermissionsBoundary, Groups = [] } = props;
    if (Path !== (previous.Path ?? "/")) await cx.call("iam", "UpdateUser", { UserName, NewPath: Path });
    if (PermissionsBoundary !== undefined)
      await cx.call("iam", "PutUserPermissionsBoundary", { UserName, PermissionsBoundary });
    else if (previous.PermissionsBoundary !== undefined)
      await unlessGone(async () => void (await cx.call("iam", "DeleteUserPermissionsBoundary", { UserName })));
    for (const GroupName of previous.Groups ?? [])
      if (!Groups.includes(GroupName)) await leaveGroup(cx, GroupName, UserName);
    for (const GroupName of Groups) await cx.call("iam", "AddUserToGroup", { GroupName, UserName });
    await changePolicies(cx, "user", UserName, props, previous);
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("iam", "UntagUser", { UserName, TagKeys });
    const Tags = ownTags(cx.mergedTags(props.Tags));
    if (Tags.length > 0) await cx.call("iam", "TagUser", { UserName, Tags });
  },
  async delete(cx, { physicalId: UserName, props }) {
    await dropPolicies(cx, "user", UserName, props);
    for (const GroupName of props.Groups ?? []) await leaveGroup(cx, GroupName, UserName);
    await cx.call("iam", "DeleteUser", { UserName });
  },
  async attributes(cx, UserName) {
    const { User } = await cx.call("iam", "GetUser", { UserName });
    return { Arn: User?.Arn };
  },
});

interface GroupProps {
  GroupName?: string;
  Path?: string;
  ManagedPolicyArns?: string[];
  Policies?: InlinePolicy[];
}

export const group = defineResource<GroupProps>({
  type: "AWS::IAM::Group",
  honours: { GroupName: true, Path: true, ManagedPolicyArns: true, Policies: true },
  async create(cx, props) {
    const name = props.GroupName ?? cx.physicalName(128);
    await cx.call("iam", "CreateGroup", { GroupName: name, Path: props.Path });
    cx.initiated(name);
    await changePolicies(cx, "group", name, props, {});
    return { physicalId: name };
  },
  async update(cx, { physicalId: GroupName, props, previous }) {
    const { Path = "/" } = props;
    if (Path !== (previous.Path ?? "/")) await cx.call("iam", "UpdateGroup", { GroupName, NewPath: Path });
    await changePolicies(cx, "group", GroupName, props, previous);
  },
  async delete(cx, { physicalId: GroupName, props }) {
    await dropPolicies(cx, "group", GroupName, props);
    await cx.call("iam", "DeleteGroup", { GroupName });
  },
  async attributes(cx, GroupName) {
    const { Group } = await cx.call("iam", "GetGroup", { GroupName });
    return { Arn: Group?.Arn };
  },
});

interface MembersProps {
  GroupName: string;
  Users: string[];
}

export const userToGroupAddition = defineResource<MembersProps>({
  type: "AWS::IAM::UserToGroupAddition",
  honours: { GroupName: true, Users: true },
  async create(cx, { GroupName, Users }) {
    for (const UserName of Users) await cx.call("iam", "AddUserToGroup", { GroupName, UserName });
    return { physicalId: cx.physicalName(128) };
  },
  async update(cx, { props, previous }) {
    const { GroupName, Users } = props;
    for (const UserName of previous.Users)
      if (previous.GroupName !== GroupName || !Users.includes(UserName))
        await leaveGroup(cx, previous.GroupName, UserName);
    for (const UserName of Users) await cx.call("iam", "AddUserToGroup", { GroupName, UserName });
  },
  async delete(cx, { props }) {
    for (const UserName of props.Users) await leaveGroup(cx, props.GroupName, UserName);
  },
  attributes: async (_cx, physicalId) => ({ Id: physicalId }),
});

async function leaveGroup(cx: Parameters<typeof dropPolicies>[0], GroupName: string, UserName: string): Promise<void> {
  await unlessGone(async () => void (await cx.call("iam", "RemoveUserFromGroup", { GroupName, UserName })));
}

/** AWS: CloudFormation's own tags (`aws:cloudformation:…`) are not put on IAM's resources: IAM refuses the prefix `aws:`. */
function ownTags(tags: readonly ResourceTag[]): ResourceTag[] {
  return tags.filter(({ Key }) => !Key.startsWith("aws:"));
}
