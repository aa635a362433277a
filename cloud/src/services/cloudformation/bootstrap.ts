import type { Scope } from "../../aws/scope.ts";
import { BOOTSTRAP_QUALIFIER, BOOTSTRAP_STACK, BOOTSTRAP_TEMPLATE } from "../../deploy/bootstrap-template.ts";
import type { BeforeCall } from "../../service.ts";
import { findStack } from "./stacks.ts";
import type { CloudFormationState } from "./state.ts";

const NAME = `cdk-${BOOTSTRAP_QUALIFIER}-`;
const VERSION_PARAMETER = `/cdk-bootstrap/${BOOTSTRAP_QUALIFIER}/version`;

const roleAsked = (input: Asked) => input.RoleArn?.includes(`:role/${NAME}`) ?? false;
const bucketAsked = (input: Asked) => input.Bucket?.startsWith(`${NAME}assets-`) ?? false;

interface Asked {
  readonly RoleArn?: string;
  readonly Name?: string;
  readonly Names?: readonly string[];
  readonly Bucket?: string;
  readonly StackName?: string;
}

/** The calls that look for the CDK's bootstrap resources: those of the CDK CLI, and of what stands for it here. */
const LOOKUPS: Readonly<Record<string, (input: Asked) => boolean>> = {
  "sts:AssumeRole": roleAsked,
  "ssm:GetParameter": (input) => input.Name === VERSION_PARAMETER,
  "ssm:GetParameters": (input) => input.Names?.includes(VERSION_PARAMETER) ?? false,
  "s3:HeadBucket": bucketAsked,
  "s3:GetBucketLocation": bucketAsked,
  "s3:ListObjectsV2": bucketAsked,
  "cloudformation:DescribeStacks": (input) => input.StackName === BOOTSTRAP_STACK,
};

/** By scope, the bootstrap that is being made. */
const making = new WeakMap<CloudFormationState, Map<string, Promise<void>>>();

/**
 * An account here needs no `cdk bootstrap`: when somebody looks for its resources in a scope that has none, the stack
 * `CDKToolkit` is made first. Not at start, so that an account that nobody uses with the CDK is empty.
 */
export const bootstrapOnLookup: Record<string, BeforeCall<CloudFormationState>> = Object.fromEntries(
  Object.entries(LOOKUPS).map(([name, matches]) => [
    name,
    (state: CloudFormationState, { scope, input, isOutside }: Parameters<BeforeCall>[1]) =>
      matches(input as Asked) ? ensure(state, scope, isOutside) : undefined,
  ]),
);

function ensure(state: CloudFormationState, scope: Scope, isOutside: boolean): Promise<void> | undefined {
  const key = `${scope.account} ${scope.region}`;
  const running = making.get(state) ?? new Map<string, Promise<void>>();
  making.set(state, running);
  // The making looks for what it makes, too: it must not wait for itself.
  if (running.has(key)) return isOutside ? running.get(key) : undefined;
  if (findStack(state, scope, BOOTSTRAP_STACK)) return undefined;
  const work = make(state, scope).finally(() => running.delete(key));
  running.set(key, work);
  return work;
}

async function make(state: CloudFormationState, scope: Scope): Promise<void> {
  const engine = state.engine!;
  const { StackId = "" } = await engine.service.call(
    "cloudformation",
    "CreateStack",
    {
      StackName: BOOTSTRAP_STACK,
      TemplateBody: JSON.stringify(BOOTSTRAP_TEMPLATE),
      Capabilities: ["CAPABILITY_NAMED_IAM"],
      OnFailure: "DO_NOTHING",
    },
    { as: { kind: "root", account: scope.account }, scope },
  );
  await engine.ended(StackId);
}
