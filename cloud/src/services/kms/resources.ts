import type { CreateKeyCommandInput } from "@aws-sdk/client-kms";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";

interface KeyProps {
  Description?: string;
  Enabled?: boolean;
  EnableKeyRotation?: boolean;
  RotationPeriodInDays?: number;
  KeyPolicy?: unknown;
  KeySpec?: CreateKeyCommandInput["KeySpec"];
  KeyUsage?: CreateKeyCommandInput["KeyUsage"];
  Origin?: CreateKeyCommandInput["Origin"];
  MultiRegion?: boolean;
  PendingWindowInDays?: number;
  BypassPolicyLockoutSafetyCheck?: boolean;
  Tags?: ResourceTag[];
}

function policyText(policy: unknown): string | undefined {
  return policy === undefined || typeof policy === "string" ? policy : JSON.stringify(policy);
}

function keyTags(tags: readonly ResourceTag[]) {
  return tags.map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

async function setRotation(cx: ResourceContext, KeyId: string, props: KeyProps, before?: KeyProps): Promise<void> {
  const { EnableKeyRotation: on, RotationPeriodInDays } = props;
  if (on === before?.EnableKeyRotation && RotationPeriodInDays === before?.RotationPeriodInDays) return;
  if (on) await cx.call("kms", "EnableKeyRotation", { KeyId, RotationPeriodInDays });
  else if (before?.EnableKeyRotation) await cx.call("kms", "DisableKeyRotation", { KeyId });
}

const key = defineResource<KeyProps>({
  type: "AWS::KMS::Key",
  honours: {
    Description: true,
    Enabled: true,
    EnableKeyRotation: true,
    RotationPeriodInDays: true,
    KeyPolicy: true,
    KeySpec: true,
    KeyUsage: true,
    Origin: true,
    MultiRegion: true,
    PendingWindowInDays: true,
    BypassPolicyLockoutSafetyCheck: true,
    Tags: true,
  },
  replaceOn: ["KeySpec", "KeyUsage", "Origin", "MultiRegion"],
  check: ({ MultiRegion, Origin }) => [
    ...(MultiRegion ? ["Katachi does not emulate MultiRegion true of AWS::KMS::Key."] : []),
    ...(Origin !== undefined && Origin !== "AWS_KMS"
      ? [`Katachi does not emulate Origin ${Origin} of AWS::KMS::Key.`]
      : []),
  ],
  async create(cx, props) {
    const { KeyMetadata } = await cx.call("kms", "CreateKey", {
      Description: props.Description,
      KeySpec: props.KeySpec,
      KeyUsage: props.KeyUsage,
      Policy: policyText(props.KeyPolicy),
      BypassPolicyLockoutSafetyCheck: props.BypassPolicyLockoutSafetyCheck,
      Tags: keyTags(cx.mergedTags(props.Tags)),
    });
    const KeyId = KeyMetadata!.KeyId!;
    cx.initiated(KeyId);
    await setRotation(cx, KeyId, props);
    if (props.Enabled === false) await cx.call("kms", "DisableKey", { KeyId });
    return { physicalId: KeyId };
  },
  async update(cx, { physicalId: KeyId, props, previous }) {
    // What changes a key's rotation needs it enabled.
    if (props.Enabled !== false) await cx.call("kms", "EnableKey", { KeyId });
    await cx.call("kms", "UpdateKeyDescription", { KeyId, Description: props.Description ?? "" });
    const Policy = policyText(props.KeyPolicy);
    if (Policy !== undefined && Policy !== policyText(previous.KeyPolicy))
      await cx.call("kms", "PutKeyPolicy", {
        KeyId,
        Policy,
        BypassPolicyLockoutSafetyCheck: props.BypassPolicyLockoutSafetyCheck,
      });
    await setRotation(cx, KeyId, props, previous);
    if (props.Enabled === false) await cx.call("kms", "DisableKey", { KeyId });
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("kms", "UntagResource", { KeyId, TagKeys });
    await cx.call("kms", "TagResource", { KeyId, Tags: keyTags(cx.mergedTags(props.Tags)) });
  },
  async delete(cx, { physicalId: KeyId, props: { PendingWindowInDays } }) {
    await cx.call("kms", "ScheduleKeyDeletion", { KeyId, PendingWindowInDays });
  },
  async attributes(cx, KeyId) {
    const { KeyMetadata } = await cx.call("kms", "DescribeKey", { KeyId });
    return { Arn: KeyMetadata!.Arn, KeyId };
  },
});

interface AliasProps {
  AliasName: string;
  TargetKeyId: string;
}

const alias = defineResource<AliasProps>({
  type: "AWS::KMS::Alias",
  honours: { AliasName: true, TargetKeyId: true },
  async create(cx, { AliasName, TargetKeyId }) {
    await cx.call("kms", "CreateAlias", { AliasName, TargetKeyId });
    return { physicalId: AliasName };
  },
  async update(cx, { props: { AliasName, TargetKeyId } }) {
    await cx.call("kms", "UpdateAlias", { AliasName, TargetKeyId });
  },
  async delete(cx, { physicalId: AliasName }) {
    await cx.call("kms", "DeleteAlias", { AliasName });
  },
});

export const resources: readonly ResourceType[] = [key, alias];
