import type { Template } from "./template.ts";

/** The IAM types that need an acknowledgement, with the property by which they get a name of one's own. */
const IAM_TYPES: Readonly<Record<string, string | undefined>> = {
  "AWS::IAM::AccessKey": undefined,
  "AWS::IAM::Group": "GroupName",
  "AWS::IAM::InstanceProfile": "InstanceProfileName",
  "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
  "AWS::IAM::Policy": undefined,
  "AWS::IAM::Role": "RoleName",
  "AWS::IAM::User": "UserName",
  "AWS::IAM::UserToGroupAddition": undefined,
};

export interface NeededCapabilities {
  readonly capabilities: string[];
  /** As GetTemplateSummary tells it. */
  readonly reason: string | undefined;
}

/** Which capabilities a template needs ("Acknowledging IAM resources in CloudFormation templates"). */
export function neededCapabilities(template: Template): NeededCapabilities {
  const resources = Object.values(template.resources).filter((resource) => Object.hasOwn(IAM_TYPES, resource.Type));
  if (resources.length === 0) return { capabilities: [], reason: undefined };
  const named = resources.some(
    ({ Type, Properties }) => IAM_TYPES[Type] !== undefined && Properties?.[IAM_TYPES[Type]] !== undefined,
  );
  const types = [...new Set(resources.map((resource) => resource.Type))];
  return {
    capabilities: [named ? "CAPABILITY_NAMED_IAM" : "CAPABILITY_IAM"],
    reason: `The following resource(s) require capabilities: [${types.join(", ")}]`,
  };
}

/** The needed capabilities that were not given. `CAPABILITY_NAMED_IAM` includes `CAPABILITY_IAM`. */
export function missingCapabilities(needed: readonly string[], given: readonly string[]): string[] {
  const has = new Set(given);
  if (has.has("CAPABILITY_NAMED_IAM")) has.add("CAPABILITY_IAM");
  return needed.filter((capability) => !has.has(capability));
}
