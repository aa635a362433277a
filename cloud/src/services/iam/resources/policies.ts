import { defineResource } from "../../../deploy/resource.ts";
import {
  attach,
  deleteInline,
  detach,
  putInline,
  targetsOf,
  targetsWithout,
  textOf,
  type Document,
  type Kind,
  type Targets,
} from "./entity.ts";

interface PolicyProps extends Targets {
  PolicyName: string;
  PolicyDocument: Document;
}

/** An inline policy put into several entities. */
export const policy = defineResource<PolicyProps>({
  type: "AWS::IAM::Policy",
  honours: { PolicyName: true, PolicyDocument: true, Roles: true, Users: true, Groups: true },
  async create(cx, props) {
    const physicalId = cx.physicalName(128);
    cx.initiated(physicalId);
    for (const [kind, name] of targetsOf(props)) await putInline(cx, kind, name, props);
    return { physicalId };
  },
  async update(cx, { props, previous }) {
    const gone = props.PolicyName === previous.PolicyName ? targetsWithout(previous, props) : targetsOf(previous);
    for (const [kind, name] of targetsOf(props)) await putInline(cx, kind, name, props);
    for (const [kind, name] of gone) await deleteInline(cx, kind, name, previous.PolicyName);
  },
  async delete(cx, { props }) {
    for (const [kind, name] of targetsOf(props)) await deleteInline(cx, kind, name, props.PolicyName);
  },
  attributes: async (_cx, physicalId) => ({ Id: physicalId }),
});

/** The three types of a single inline policy inside a single entity. */
function inlineResource(type: string, kind: Kind, nameProperty: "RoleName" | "UserName" | "GroupName") {
  return defineResource<Record<string, unknown> & { PolicyName: string; PolicyDocument?: Document }>({
    type,
    honours: { [nameProperty]: true, PolicyName: true, PolicyDocument: true },
    async create(cx, props) {
      await putInline(cx, kind, String(props[nameProperty]), { PolicyDocument: {}, ...props });
      return { physicalId: `${props.PolicyName}|${String(props[nameProperty])}` };
    },
    async update(cx, { props }) {
      await putInline(cx, kind, String(props[nameProperty]), { PolicyDocument: {}, ...props });
    },
    delete: (cx, { props }) => deleteInline(cx, kind, String(props[nameProperty]), props.PolicyName),
  });
}

export const rolePolicy = inlineResource("AWS::IAM::RolePolicy", "role", "RoleName");
export const userPolicy = inlineResource("AWS::IAM::UserPolicy", "user", "UserName");
export const groupPolicy = inlineResource("AWS::IAM::GroupPolicy", "group", "GroupName");

interface ManagedProps extends Targets {
  ManagedPolicyName?: string;
  Path?: string;
  Description?: string;
  PolicyDocument: Document;
}

const VERSIONS_MAX = 5;

export const managedPolicy = defineResource<ManagedProps>({
  type: "AWS::IAM::ManagedPolicy",
  honours: {
    ManagedPolicyName: true,
    Path: true,
    Description: true,
    PolicyDocument: true,
    Roles: true,
    Users: true,
    Groups: true,
  },
  async create(cx, props) {
    const { Policy } = await cx.call("iam", "CreatePolicy", {
      PolicyName: props.ManagedPolicyName ?? cx.physicalName(128),
      Path: props.Path,
      Description: props.Description,
      PolicyDocument: textOf(props.PolicyDocument),
    });
    const arn = Policy!.Arn!;
    cx.initiated(arn);
    for (const [kind, name] of targetsOf(props)) await attach(cx, kind, name, arn);
    return { physicalId: arn };
  },
  async update(cx, { physicalId: PolicyArn, props, previous }) {
    const PolicyDocument = textOf(props.PolicyDocument);
    if (PolicyDocument !== textOf(previous.PolicyDocument)) {
      const { Versions = [] } = await cx.call("iam", "ListPolicyVersions", { PolicyArn });
      // AWS: CloudFormation makes room by deleting the oldest version that is not in force.
      const oldest = Versions.filter((version) => !version.IsDefaultVersion).at(-1);
      if (Versions.length >= VERSIONS_MAX && oldest)
        await cx.call("iam", "DeletePolicyVersion", { PolicyArn, VersionId: oldest.VersionId });
      await cx.call("iam", "CreatePolicyVersion", { PolicyArn, PolicyDocument, SetAsDefault: true });
    }
    for (const [kind, name] of targetsOf(props)) await attach(cx, kind, name, PolicyArn);
    for (const [kind, name] of targetsWithout(previous, props)) await detach(cx, kind, name, PolicyArn);
  },
  async delete(cx, { physicalId: PolicyArn, props }) {
    for (const [kind, name] of targetsOf(props)) await detach(cx, kind, name, PolicyArn);
    const { Versions = [] } = await cx.call("iam", "ListPolicyVersions", { PolicyArn });
    for (const { VersionId, IsDefaultVersion } of Versions)
      if (!IsDefaultVersion) await cx.call("iam", "DeletePolicyVersion", { PolicyArn, VersionId });
    await cx.call("iam", "DeletePolicy", { PolicyArn });
  },
  async attributes(cx, PolicyArn) {
    const { Policy } = await cx.call("iam", "GetPolicy", { PolicyArn });
    return {
      PolicyArn,
      PolicyId: Policy?.PolicyId,
      DefaultVersionId: Policy?.DefaultVersionId,
      AttachmentCount: Policy?.AttachmentCount,
      PermissionsBoundaryUsageCount: Policy?.PermissionsBoundaryUsageCount,
      IsAttachable: Policy?.IsAttachable,
      CreateDate: Policy?.CreateDate?.toISOString(),
      UpdateDate: Policy?.UpdateDate?.toISOString(),
    };
  },
});
