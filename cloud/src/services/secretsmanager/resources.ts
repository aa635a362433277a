import type { RotationRulesType } from "@aws-sdk/client-secrets-manager";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import type { PasswordRules } from "./password.ts";

interface GenerateSecretString extends PasswordRules {
  SecretStringTemplate?: string;
  GenerateStringKey?: string;
}

interface SecretProps {
  Name?: string;
  Description?: string;
  KmsKeyId?: string;
  SecretString?: string;
  GenerateSecretString?: GenerateSecretString;
  Tags?: ResourceTag[];
}

/** The value of a secret that a template describes; undefined where it describes none. */
async function valueFor(cx: ResourceContext, props: SecretProps): Promise<string | undefined> {
  const { GenerateSecretString: generate } = props;
  if (!generate) return props.SecretString;
  const { SecretStringTemplate: template, GenerateStringKey: key, ...rules } = generate;
  const { RandomPassword = "" } = await cx.call("secretsmanager", "GetRandomPassword", rules);
  if (template === undefined || key === undefined) return RandomPassword;
  return JSON.stringify({ ...parseTemplate(template), [key]: RandomPassword });
}

function parseTemplate(template: string): object {
  try {
    const value = JSON.parse(template) as unknown;
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value;
  } catch {
    // Below.
  }
  throw new Error("SecretStringTemplate must be a JSON object");
}

const secret = defineResource<SecretProps>({
  type: "AWS::SecretsManager::Secret",
  honours: {
    Name: true,
    Description: true,
    KmsKeyId: true,
    SecretString: true,
    GenerateSecretString: true,
    Tags: true,
  },
  check({ GenerateSecretString: generate, SecretString }) {
    if (generate && SecretString !== undefined)
      return ["AWS::SecretsManager::Secret takes SecretString or GenerateSecretString, not both."];
    const { SecretStringTemplate: template, GenerateStringKey: key } = generate ?? {};
    return (template === undefined) !== (key === undefined)
      ? ["AWS::SecretsManager::Secret: SecretStringTemplate and GenerateStringKey go together."]
      : [];
  },
  async create(cx, props) {
    const { Description, KmsKeyId } = props;
    const SecretString = await valueFor(cx, props);
    const made = await cx.call("secretsmanager", "CreateSecret", {
      Name: props.Name ?? generatedName(cx),
      ClientRequestToken: cx.token,
      Description,
      KmsKeyId,
      SecretString,
      Tags: cx.mergedTags(props.Tags),
    });
    return { physicalId: made.ARN! };
  },
  async update(cx, { physicalId: SecretId, props, previous }) {
    const { Description = "", KmsKeyId } = props;
    // AWS: a value is generated anew where the rules for it changed.
    const changed =
      props.SecretString !== previous.SecretString ||
      JSON.stringify(props.GenerateSecretString) !== JSON.stringify(previous.GenerateSecretString);
    const SecretString = changed ? await valueFor(cx, props) : undefined;
    await cx.call("secretsmanager", "UpdateSecret", {
      SecretId,
      ClientRequestToken: cx.token,
      Description,
      KmsKeyId,
      SecretString,
    });
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("secretsmanager", "UntagResource", { SecretId, TagKeys });
    await cx.call("secretsmanager", "TagResource", { SecretId, Tags: cx.mergedTags(props.Tags) });
  },
  async delete(cx, { physicalId: SecretId }) {
    // AWS: CloudFormation deletes without a window for recovery.
    await cx.call("secretsmanager", "DeleteSecret", { SecretId, ForceDeleteWithoutRecovery: true });
  },
  attributes: async (_, physicalId) => ({ Id: physicalId }),
});

/** AWS: logical id and a random part, without the stack's name. */
function generatedName(cx: ResourceContext): string {
  const name = cx.physicalName();
  return `${cx.logicalId}-${name.slice(name.lastIndexOf("-") + 1)}`;
}

interface PolicyProps {
  SecretId: string;
  ResourcePolicy: unknown;
  BlockPublicPolicy?: boolean;
}

async function putPolicy(cx: ResourceContext, { SecretId, ResourcePolicy: policy, BlockPublicPolicy }: PolicyProps) {
  const ResourcePolicy = typeof policy === "string" ? policy : JSON.stringify(policy);
  const { ARN } = await cx.call("secretsmanager", "PutResourcePolicy", { SecretId, ResourcePolicy, BlockPublicPolicy });
  return { physicalId: ARN! };
}

const resourcePolicy = defineResource<PolicyProps>({
  type: "AWS::SecretsManager::ResourcePolicy",
  honours: { SecretId: true, ResourcePolicy: true, BlockPublicPolicy: true },
  create: putPolicy,
  async update(cx, { props }) {
    await putPolicy(cx, props);
  },
  async delete(cx, { props: { SecretId } }) {
    await cx.call("secretsmanager", "DeleteResourcePolicy", { SecretId });
  },
  attributes: async (_, physicalId) => ({ Id: physicalId }),
});

interface ScheduleProps {
  SecretId: string;
  RotationLambdaARN?: string;
  RotationRules?: RotationRulesType;
  RotateImmediatelyOnUpdate?: boolean;
}

async function setSchedule(cx: ResourceContext, props: ScheduleProps) {
  const { ARN } = await cx.call("secretsmanager", "RotateSecret", {
    SecretId: props.SecretId,
    ClientRequestToken: cx.token,
    RotationLambdaARN: props.RotationLambdaARN,
    RotationRules: props.RotationRules,
    RotateImmediately: props.RotateImmediatelyOnUpdate ?? true,
  });
  return { physicalId: ARN! };
}

const rotationSchedule = defineResource<ScheduleProps>({
  type: "AWS::SecretsManager::RotationSchedule",
  honours: { SecretId: true, RotationLambdaARN: true, RotationRules: true, RotateImmediatelyOnUpdate: true },
  create: setSchedule,
  async update(cx, { props }) {
    await setSchedule(cx, props);
  },
  async delete(cx, { props: { SecretId } }) {
    await cx.call("secretsmanager", "CancelRotateSecret", { SecretId });
  },
  attributes: async (_, physicalId) => ({ Id: physicalId }),
});

/** SecretTargetAttachment is refused by name, as every type that stands in no list: it belongs to databases. */
export const resources: readonly ResourceType[] = [secret, resourcePolicy, rotationSchedule];
