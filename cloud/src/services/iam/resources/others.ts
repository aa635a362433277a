import { defineResource, type ResourceTag } from "../../../deploy/resource.ts";
import { unlessGone } from "./entity.ts";

interface AccessKeyProps {
  UserName: string;
  Status?: "Active" | "Inactive";
  Serial?: number;
}

export const accessKey = defineResource<AccessKeyProps>({
  type: "AWS::IAM::AccessKey",
  // Serial means nothing by itself: changing it replaces the key.
  honours: { UserName: true, Status: true, Serial: true },
  async create(cx, { UserName, Status }) {
    const { AccessKey } = await cx.call("iam", "CreateAccessKey", { UserName });
    const AccessKeyId = AccessKey!.AccessKeyId!;
    cx.initiated(AccessKeyId);
    if (Status === "Inactive") await cx.call("iam", "UpdateAccessKey", { UserName, AccessKeyId, Status });
    // The secret is told once, here.
    return { physicalId: AccessKeyId, attributes: { Id: AccessKeyId, SecretAccessKey: AccessKey!.SecretAccessKey } };
  },
  async update(cx, { physicalId: AccessKeyId, props }) {
    const { UserName, Status = "Active" } = props;
    await cx.call("iam", "UpdateAccessKey", { UserName, AccessKeyId, Status });
  },
  async delete(cx, { physicalId: AccessKeyId, props }) {
    await cx.call("iam", "DeleteAccessKey", { UserName: props.UserName, AccessKeyId });
  },
});

interface InstanceProfileProps {
  InstanceProfileName?: string;
  Path?: string;
  Roles: string[];
}

export const instanceProfile = defineResource<InstanceProfileProps>({
  type: "AWS::IAM::InstanceProfile",
  honours: { InstanceProfileName: true, Path: true, Roles: true },
  async create(cx, props) {
    const InstanceProfileName = props.InstanceProfileName ?? cx.physicalName(128);
    await cx.call("iam", "CreateInstanceProfile", { InstanceProfileName, Path: props.Path });
    cx.initiated(InstanceProfileName);
    for (const RoleName of props.Roles)
      await cx.call("iam", "AddRoleToInstanceProfile", { InstanceProfileName, RoleName });
    return { physicalId: InstanceProfileName };
  },
  async update(cx, { physicalId: InstanceProfileName, props, previous }) {
    for (const RoleName of previous.Roles)
      if (!props.Roles.includes(RoleName))
        await cx.call("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName });
    for (const RoleName of props.Roles)
      if (!previous.Roles.includes(RoleName))
        await cx.call("iam", "AddRoleToInstanceProfile", { InstanceProfileName, RoleName });
  },
  async delete(cx, { physicalId: InstanceProfileName, props }) {
    for (const RoleName of props.Roles)
      await unlessGone(
        async () => void (await cx.call("iam", "RemoveRoleFromInstanceProfile", { InstanceProfileName, RoleName })),
      );
    await cx.call("iam", "DeleteInstanceProfile", { InstanceProfileName });
  },
  async attributes(cx, InstanceProfileName) {
    const { InstanceProfile } = await cx.call("iam", "GetInstanceProfile", { InstanceProfileName });
    return { Arn: InstanceProfile?.Arn };
  },
});

interface OidcProps {
  Url: string;
  ClientIdList?: string[];
  ThumbprintList?: string[];
  Tags?: ResourceTag[];
}

export const oidcProvider = defineResource<OidcProps>({
  type: "AWS::IAM::OIDCProvider",
  honours: { Url: true, ClientIdList: true, ThumbprintList: true, Tags: true },
  async create(cx, { Url, ClientIdList, ThumbprintList, Tags }) {
    const made = await cx.call("iam", "CreateOpenIDConnectProvider", {
      Url,
      ClientIDList: ClientIdList,
      ThumbprintList,
      Tags: cx.mergedTags(Tags).filter(({ Key }) => !Key.startsWith("aws:")),
    });
    return { physicalId: made.OpenIDConnectProviderArn! };
  },
  async update(cx, { physicalId: OpenIDConnectProviderArn, props, previous }) {
    const { ClientIdList = [], ThumbprintList = [] } = props;
    await cx.call("iam", "UpdateOpenIDConnectProviderThumbprint", { OpenIDConnectProviderArn, ThumbprintList });
    for (const ClientID of previous.ClientIdList ?? [])
      if (!ClientIdList.includes(ClientID))
        await cx.call("iam", "RemoveClientIDFromOpenIDConnectProvider", { OpenIDConnectProviderArn, ClientID });
    for (const ClientID of ClientIdList)
      await cx.call("iam", "AddClientIDToOpenIDConnectProvider", { OpenIDConnectProviderArn, ClientID });
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("iam", "UntagOpenIDConnectProvider", { OpenIDConnectProviderArn, TagKeys });
    const Tags = cx.mergedTags(props.Tags).filter(({ Key }) => !Key.startsWith("aws:"));
    if (Tags.length > 0) await cx.call("iam", "TagOpenIDConnectProvider", { OpenIDConnectProviderArn, Tags });
  },
  async delete(cx, { physicalId: OpenIDConnectProviderArn }) {
    await cx.call("iam", "DeleteOpenIDConnectProvider", { OpenIDConnectProviderArn });
  },
  attributes: async (_cx, physicalId) => ({ Arn: physicalId }),
});

interface LinkedProps {
  AWSServiceName: string;
  Description?: string;
  CustomSuffix?: string;
}

export const serviceLinkedRole = defineResource<LinkedProps>({
  type: "AWS::IAM::ServiceLinkedRole",
  honours: { AWSServiceName: true, Description: true, CustomSuffix: true },
  async create(cx, { AWSServiceName, Description, CustomSuffix }) {
    const { Role } = await cx.call("iam", "CreateServiceLinkedRole", { AWSServiceName, Description, CustomSuffix });
    return { physicalId: Role!.RoleName! };
  },
  async update(cx, { physicalId: RoleName, props }) {
    await cx.call("iam", "UpdateRoleDescription", { RoleName, Description: props.Description ?? "" });
  },
  async delete(cx, { physicalId: RoleName }) {
    await cx.call("iam", "DeleteServiceLinkedRole", { RoleName });
  },
  attributes: async (_cx, physicalId) => ({ RoleName: physicalId }),
});
