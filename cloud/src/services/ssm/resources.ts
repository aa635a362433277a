import type { ParameterTier, ParameterType } from "@aws-sdk/client-ssm";
import { defineResource, type ResourceType } from "../../deploy/resource.ts";
import { parameterArn } from "./name.ts";

interface ParameterProps {
  Name?: string;
  Type: ParameterType;
  Value: string;
  Description?: string;
  AllowedPattern?: string;
  DataType?: string;
  Tier?: ParameterTier;
  Policies?: string;
  Tags?: Record<string, string>;
}

export const parameter = defineResource<ParameterProps>({
  type: "AWS::SSM::Parameter",
  honours: {
    Name: true,
    Type: true,
    Value: true,
    Description: true,
    AllowedPattern: true,
    DataType: true,
    Tier: true,
    Policies: true,
    Tags: true,
  },
  // AWS: secrets cannot come from a template.
  check: ({ Type }) =>
    Type === "SecureString"
      ? ["AWS::SSM::Parameter does not support the Type SecureString: CloudFormation cannot make such a parameter."]
      : [],
  async create(cx, { Tags, ...props }) {
    const Name = props.Name ?? cx.physicalName(512);
    const own = cx.mergedTags(Tags).filter(({ Key }) => !Key.startsWith("aws:"));
    await cx.call("ssm", "PutParameter", { ...props, Name, Tags: own });
    return { physicalId: Name };
  },
  async update(cx, { physicalId, props: { Tags, ...props }, previous }) {
    await cx.call("ssm", "PutParameter", { ...props, Name: physicalId, Overwrite: true });
    const resource = { ResourceType: "Parameter", ResourceId: physicalId } as const;
    const TagKeys = cx.removedTagKeys(previous.Tags, Tags);
    if (TagKeys.length > 0) await cx.call("ssm", "RemoveTagsFromResource", { ...resource, TagKeys });
    const own = cx.mergedTags(Tags).filter(({ Key }) => !Key.startsWith("aws:"));
    if (own.length > 0) await cx.call("ssm", "AddTagsToResource", { ...resource, Tags: own });
  },
  async delete(cx, { physicalId }) {
    await cx.call("ssm", "DeleteParameter", { Name: physicalId });
  },
  attributes: async (cx, physicalId, { Type, Value }) => ({ Arn: parameterArn(cx.scope, physicalId), Type, Value }),
});

/** The CloudFormation types of Parameter Store. */
export const resources: readonly ResourceType[] = [parameter];
