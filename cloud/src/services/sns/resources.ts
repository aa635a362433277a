/** The CloudFormation types of SNS. */
import { findArn } from "../../aws/arn.ts";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import type { Attributes } from "./records.ts";
import { isManagedKey } from "./topic-attributes.ts";

interface Endpoint {
  Endpoint: string;
  Protocol: string;
}

interface TopicProps {
  TopicName?: string;
  FifoTopic?: boolean;
  ContentBasedDeduplication?: boolean;
  FifoThroughputScope?: string;
  KmsMasterKeyId?: string;
  DisplayName?: string;
  MaximumMessageSize?: number;
  SignatureVersion?: string;
  TracingConfig?: string;
  Subscription?: Endpoint[];
  Tags?: ResourceTag[];
}

const NAME_MAX = 256;
/** What a property that is taken out goes back to. */
const DEFAULTS: Attributes = {
  SignatureVersion: "1",
  TracingConfig: "PassThrough",
  MaximumMessageSize: "262144",
  ContentBasedDeduplication: "false",
};

function topicAttributes(props: TopicProps): Attributes {
  const { TopicName: _, Subscription: __, Tags: ___, FifoTopic: fifo, ...plain } = props;
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(plain)) if (value !== undefined) attributes[name] = String(value);
  if (fifo) attributes["FifoTopic"] = "true";
  return attributes;
}

const topic = defineResource<TopicProps>({
  type: "AWS::SNS::Topic",
  honours: {
    TopicName: true,
    FifoTopic: true,
    ContentBasedDeduplication: true,
    FifoThroughputScope: true,
    KmsMasterKeyId: true,
    DisplayName: true,
    MaximumMessageSize: true,
    SignatureVersion: true,
    TracingConfig: true,
    Subscription: true,
    Tags: true,
  },
  check: ({ TracingConfig, KmsMasterKeyId }) => [
    ...(TracingConfig === "Active" ? ["Katachi does not emulate TracingConfig Active of AWS::SNS::Topic."] : []),
    ...(KmsMasterKeyId === undefined || isManagedKey(KmsMasterKeyId)
      ? []
      : [`Katachi does not emulate KmsMasterKeyId ${KmsMasterKeyId} of AWS::SNS::Topic; alias/aws/sns it does.`]),
  ],
  async create(cx, props) {
    const Name = props.TopicName ?? cx.physicalName(NAME_MAX, props.FifoTopic ? { suffix: ".fifo" } : {});
    const input = { Name, Attributes: topicAttributes(props), Tags: cx.mergedTags(props.Tags) };
    const TopicArn = (await cx.call("sns", "CreateTopic", input)).TopicArn!;
    cx.initiated(TopicArn);
    for (const endpoint of props.Subscription ?? []) await cx.call("sns", "Subscribe", { TopicArn, ...endpoint });
    return { physicalId: TopicArn };
  },
  async update(cx, { physicalId: TopicArn, props, previous }) {
    await setChanged(topicAttributes(previous), topicAttributes(props), DEFAULTS, (AttributeName, AttributeValue) =>
      cx.call("sns", "SetTopicAttributes", { TopicArn, AttributeName, AttributeValue }),
    );
    await changeEndpoints(cx, TopicArn, previous.Subscription ?? [], props.Subscription ?? []);
    const gone = cx.removedTagKeys(previous.Tags, props.Tags);
    if (gone.length > 0) await cx.call("sns", "UntagResource", { ResourceArn: TopicArn, TagKeys: gone });
    const tags = cx.mergedTags(props.Tags);
    if (tags.length > 0) await cx.call("sns", "TagResource", { ResourceArn: TopicArn, Tags: tags });
  },
  async delete(cx, { physicalId }) {
    await cx.call("sns", "DeleteTopic", { TopicArn: physicalId });
  },
  async attributes(_, physicalId) {
    return { TopicArn: physicalId, TopicName: findArn(physicalId)!.resource };
  },
});

async function setChanged(
  before: Attributes,
  after: Attributes,
  defaults: Attributes,
  set: (name: string, value: string) => Promise<unknown>,
): Promise<void> {
  for (const name of Object.keys({ ...before, ...after }))
    if (after[name] !== before[name]) await set(name, after[name] ?? defaults[name] ?? "");
}

async function changeEndpoints(cx: ResourceContext, TopicArn: string, before: Endpoint[], after: Endpoint[]) {
  const isIn = (list: Endpoint[], one: Partial<Endpoint>) =>
    list.some(({ Endpoint, Protocol }) => Endpoint === one.Endpoint && Protocol === one.Protocol);
  for (const endpoint of after)
    if (!isIn(before, endpoint)) await cx.call("sns", "Subscribe", { TopicArn, ...endpoint });
  const gone = before.filter((endpoint) => !isIn(after, endpoint));
  if (gone.length === 0) return;
  let NextToken: string | undefined;
  const arns: string[] = [];
  do {
    const list = await cx.call("sns", "ListSubscriptionsByTopic", { TopicArn, ...(NextToken ? { NextToken } : {}) });
    for (const one of list.Subscriptions ?? []) if (isIn(gone, one)) arns.push(one.SubscriptionArn!);
    NextToken = list.NextToken;
  } while (NextToken !== undefined);
  // What was never confirmed has no ARN to be ended by, and goes after two days.
  for (const SubscriptionArn of arns)
    if (SubscriptionArn.startsWith("arn:")) await cx.call("sns", "Unsubscribe", { SubscriptionArn });
}

interface SubscriptionProps {
  TopicArn: string;
  Protocol: string;
  Endpoint?: string;
  Region?: string;
  DeliveryPolicy?: unknown;
  FilterPolicy?: unknown;
  FilterPolicyScope?: string;
  RawMessageDelivery?: boolean;
  RedrivePolicy?: unknown;
}

function subscriptionAttributes(props: SubscriptionProps): Attributes {
  const { DeliveryPolicy, FilterPolicyScope, FilterPolicy, RawMessageDelivery, RedrivePolicy } = props;
  const given = { DeliveryPolicy, FilterPolicyScope, FilterPolicy, RawMessageDelivery, RedrivePolicy };
  const attributes: Attributes = {};
  for (const [name, value] of Object.entries(given))
    if (value !== undefined) attributes[name] = typeof value === "string" ? value : JSON.stringify(value);
  return attributes;
}

/** AWS: `Region` is the topic's, where that is not the stack's. */
function inRegion(cx: ResourceContext, { Region }: SubscriptionProps) {
  return Region === undefined ? {} : { scope: { ...cx.scope, region: Region } };
}

const subscription = defineResource<SubscriptionProps>({
  type: "AWS::SNS::Subscription",
  honours: {
    TopicArn: true,
    Protocol: true,
    Endpoint: true,
    Region: true,
    DeliveryPolicy: true,
    FilterPolicy: true,
    FilterPolicyScope: true,
    RawMessageDelivery: true,
    RedrivePolicy: true,
  },
  async create(cx, props) {
    const { TopicArn, Protocol, Endpoint } = props;
    const input = { TopicArn, Protocol, Endpoint, Attributes: subscriptionAttributes(props) };
    const made = await cx.call("sns", "Subscribe", { ...input, ReturnSubscriptionArn: true }, inRegion(cx, props));
    return { physicalId: made.SubscriptionArn! };
  },
  async update(cx, { physicalId: SubscriptionArn, props, previous }) {
    const [before, after] = [subscriptionAttributes(previous), subscriptionAttributes(props)];
    const set = (AttributeName: string, AttributeValue: string) =>
      cx.call(
        "sns",
        "SetSubscriptionAttributes",
        { SubscriptionArn, AttributeName, AttributeValue },
        inRegion(cx, props),
      );
    // A policy of one scope may not fit the other.
    if (before["FilterPolicy"] && before["FilterPolicyScope"] !== after["FilterPolicyScope"]) {
      await set("FilterPolicy", "");
      delete before["FilterPolicy"];
    }
    const defaults = { FilterPolicyScope: "MessageAttributes", RawMessageDelivery: "false" };
    await setChanged(before, after, defaults, set);
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("sns", "Unsubscribe", { SubscriptionArn: physicalId }, inRegion(cx, props));
  },
  async attributes(_, physicalId) {
    return { Arn: physicalId };
  },
});

function policyText(document: unknown): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}

/** @param policy JSON text; empty for the one that AWS gives topics */
async function setPolicy(cx: ResourceContext, topics: readonly string[], policy: string): Promise<void> {
  for (const TopicArn of topics)
    await cx.call("sns", "SetTopicAttributes", { TopicArn, AttributeName: "Policy", AttributeValue: policy });
}

/** Takes the policy away from topics that may be gone already. */
async function clearPolicy(cx: ResourceContext, topics: readonly string[]): Promise<void> {
  for (const arn of topics)
    await setPolicy(cx, [arn], "").catch((error: unknown) => {
      if (!(error instanceof AwsError) || error.code !== "NotFoundException") throw error;
    });
}

interface TopicPolicyProps {
  Topics: string[];
  PolicyDocument: unknown;
}

const topicPolicy = defineResource<TopicPolicyProps>({
  type: "AWS::SNS::TopicPolicy",
  honours: { Topics: true, PolicyDocument: true },
  async create(cx, props) {
    await setPolicy(cx, props.Topics, policyText(props.PolicyDocument));
    return { physicalId: cx.physicalName() };
  },
  async update(cx, { props, previous }) {
    const gone = previous.Topics.filter((arn) => !props.Topics.includes(arn));
    await clearPolicy(cx, gone);
    await setPolicy(cx, props.Topics, policyText(props.PolicyDocument));
  },
  async delete(cx, { props }) {
    await clearPolicy(cx, props.Topics);
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

interface TopicInlinePolicyProps {
  TopicArn: string;
  PolicyDocument: unknown;
}

const topicInlinePolicy = defineResource<TopicInlinePolicyProps>({
  type: "AWS::SNS::TopicInlinePolicy",
  honours: { TopicArn: true, PolicyDocument: true },
  async create(cx, props) {
    await setPolicy(cx, [props.TopicArn], policyText(props.PolicyDocument));
    return { physicalId: props.TopicArn };
  },
  async update(cx, { props }) {
    await setPolicy(cx, [props.TopicArn], policyText(props.PolicyDocument));
  },
  async delete(cx, { props }) {
    await clearPolicy(cx, [props.TopicArn]);
  },
});

export const resources: readonly ResourceType[] = [topic, subscription, topicPolicy, topicInlinePolicy];
