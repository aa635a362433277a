/** The CloudFormation types of SQS. */
import type { QueueAttributeName } from "@aws-sdk/client-sqs";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { findAddress, queueArn } from "./queue.ts";

type Attributes = Partial<Record<QueueAttributeName, string>>;

interface QueueProps {
  QueueName?: string;
  FifoQueue?: boolean;
  ContentBasedDeduplication?: boolean;
  DeduplicationScope?: string;
  FifoThroughputLimit?: string;
  DelaySeconds?: number;
  MaximumMessageSize?: number;
  MessageRetentionPeriod?: number;
  ReceiveMessageWaitTimeSeconds?: number;
  VisibilityTimeout?: number;
  RedrivePolicy?: unknown;
  RedriveAllowPolicy?: unknown;
  KmsMasterKeyId?: string;
  KmsDataKeyReusePeriodSeconds?: number;
  SqsManagedSseEnabled?: boolean;
  Tags?: ResourceTag[];
}

const NAME_MAX = 80;
/** What a property that is taken out goes back to. */
const DEFAULTS: Attributes = {
  DelaySeconds: "0",
  MaximumMessageSize: "1048576",
  MessageRetentionPeriod: "345600",
  ReceiveMessageWaitTimeSeconds: "0",
  VisibilityTimeout: "30",
  RedrivePolicy: "",
  RedriveAllowPolicy: "",
  SqsManagedSseEnabled: "true",
};
const FIFO_DEFAULTS: Attributes = {
  ContentBasedDeduplication: "false",
  DeduplicationScope: "queue",
  FifoThroughputLimit: "perQueue",
};

function attributesOf(props: QueueProps): Attributes {
  const { QueueName: _, Tags: __, FifoQueue: fifo, RedrivePolicy, RedriveAllowPolicy, ...plain } = props;
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(plain))
    if (value !== undefined) attributes[name as QueueAttributeName] = String(value);
  for (const [name, value] of Object.entries({ RedrivePolicy, RedriveAllowPolicy }))
    if (value !== undefined)
      attributes[name as QueueAttributeName] = typeof value === "string" ? value : JSON.stringify(value);
  if (fifo) attributes.FifoQueue = "true";
  return attributes;
}

/** AWS: a queue of that name may be created again 60 seconds after it was deleted; CloudFormation waits for it. */
async function createQueue(cx: ResourceContext, QueueName: string, props: QueueProps): Promise<string> {
  const input = { QueueName, Attributes: attributesOf(props), tags: cx.mergedTagMap(props.Tags) };
  return cx.waitUntil("the name of the deleted queue to be free", async () => {
    try {
      return (await cx.call("sqs", "CreateQueue", input)).QueueUrl!;
    } catch (error) {
      if (error instanceof AwsError && error.code === "QueueDeletedRecently") return undefined;
      throw error;
    }
  });
}

const queue = defineResource<QueueProps>({
  type: "AWS::SQS::Queue",
  honours: {
    QueueName: true,
    FifoQueue: true,
    ContentBasedDeduplication: true,
    DeduplicationScope: true,
    FifoThroughputLimit: true,
    DelaySeconds: true,
    MaximumMessageSize: true,
    MessageRetentionPeriod: true,
    ReceiveMessageWaitTimeSeconds: true,
    VisibilityTimeout: true,
    RedrivePolicy: true,
    RedriveAllowPolicy: true,
    KmsMasterKeyId: true,
    KmsDataKeyReusePeriodSeconds: true,
    SqsManagedSseEnabled: true,
    Tags: true,
  },
  async create(cx, props) {
    const name = props.QueueName ?? cx.physicalName(NAME_MAX, props.FifoQueue ? { suffix: ".fifo" } : {});
    return { physicalId: await createQueue(cx, name, props) };
  },
  async update(cx, { physicalId: QueueUrl, props, previous }) {
    const before = attributesOf(previous);
    const { FifoQueue: fifo, ...after } = attributesOf(props);
    const defaults: Attributes = { ...DEFAULTS, ...(fifo ? FIFO_DEFAULTS : {}) };
    const changed: Attributes = {};
    for (const name of Object.keys({ ...before, ...after }) as QueueAttributeName[])
      if (name !== "FifoQueue" && after[name] !== before[name]) changed[name] = after[name] ?? defaults[name] ?? "";
    if (Object.keys(changed).length > 0) await cx.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes: changed });
    const tags = cx.mergedTagMap(props.Tags);
    const gone = Object.keys(cx.mergedTagMap(previous.Tags)).filter((key) => !(key in tags));
    if (gone.length > 0) await cx.call("sqs", "UntagQueue", { QueueUrl, TagKeys: gone });
    if (Object.keys(tags).length > 0) await cx.call("sqs", "TagQueue", { QueueUrl, Tags: tags });
  },
  async delete(cx, { physicalId }) {
    await cx.call("sqs", "DeleteQueue", { QueueUrl: physicalId });
  },
  async attributes(cx, physicalId) {
    const { name } = findAddress(physicalId)!;
    return { Arn: queueArn({ ...cx.scope, name }), QueueName: name, QueueUrl: physicalId };
  },
});

interface QueuePolicyProps {
  Queues: string[];
  PolicyDocument: unknown;
}

function policyText(document: unknown): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}

async function setPolicy(cx: ResourceContext, queues: readonly string[], policy: string): Promise<void> {
  for (const QueueUrl of queues)
    await cx.call("sqs", "SetQueueAttributes", { QueueUrl, Attributes: { Policy: policy } });
}

/** Takes the policy away from queues that may be gone already. */
async function clearPolicy(cx: ResourceContext, queues: readonly string[]): Promise<void> {
  for (const queueUrl of queues)
    await setPolicy(cx, [queueUrl], "").catch((error: unknown) => {
      if (!(error instanceof AwsError) || error.code !== "QueueDoesNotExist") throw error;
    });
}

const queuePolicy = defineResource<QueuePolicyProps>({
  type: "AWS::SQS::QueuePolicy",
  honours: { Queues: true, PolicyDocument: true },
  async create(cx, props) {
    await setPolicy(cx, props.Queues, policyText(props.PolicyDocument));
    return { physicalId: cx.physicalName() };
  },
  async update(cx, { props, previous }) {
    await clearPolicy(
      cx,
      previous.Queues.filter((url) => !props.Queues.includes(url)),
    );
    await setPolicy(cx, props.Queues, policyText(props.PolicyDocument));
  },
  async delete(cx, { props }) {
    await clearPolicy(cx, props.Queues);
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

interface QueueInlinePolicyProps {
  Queue: string;
  PolicyDocument: unknown;
}

const queueInlinePolicy = defineResource<QueueInlinePolicyProps>({
  type: "AWS::SQS::QueueInlinePolicy",
  honours: { Queue: true, PolicyDocument: true },
  async create(cx, props) {
    await setPolicy(cx, [props.Queue], policyText(props.PolicyDocument));
    return { physicalId: props.Queue };
  },
  async update(cx, { props }) {
    await setPolicy(cx, [props.Queue], policyText(props.PolicyDocument));
  },
  async delete(cx, { props }) {
    await clearPolicy(cx, [props.Queue]);
  },
});

export const resources: readonly ResourceType[] = [queue, queuePolicy, queueInlinePolicy];
