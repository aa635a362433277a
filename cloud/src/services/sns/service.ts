/**
 * Amazon SNS: standard and FIFO topics; subscriptions of queues, functions, web servers and mailboxes.
 *
 * Gap: subscriptions of telephones, mobile applications and Firehose, and with them the operations of platform
 * applications, endpoints and text messages; encryption with KMS keys of one's own (alias/aws/sns is taken); message
 * archiving and replay; data protection policies; delivery status logging; active tracing: all refused by name.
 * Gap: quotas of calls a second are not enforced, nor how many topics and subscriptions there may be.
 * Gap: AWS does not tell the steps of its arithmetic, geometric and exponential backoff; ours lead from the least to the
 * greatest delay.
 * Gap: a deleted topic takes its subscriptions along at once; AWS lists them for some days.
 * Quirk: links in messages (certificate, subscribe, unsubscribe) lead to this cloud, over HTTP.
 * Quirk: two attempts of a message may overlap where an endpoint answers late, as AWS warns: at least once.
 */
import { type Ask, type DataPlane, defineService } from "../../service.ts";
import * as permissions from "./operations/permissions.ts";
import { publish, publishBatch } from "./operations/publish.ts";
import * as subscriptions from "./operations/subscriptions.ts";
import * as tags from "./operations/tags.ts";
import * as topics from "./operations/topics.ts";
import { accountOf, PENDING_TIMER, removeSubscription } from "./subscribing.ts";
import { findSubscription, findSubscriptionKey, subscriptionArn } from "./subscription.ts";
import { askOf, type Cx, topicArn } from "./topic.ts";
import { certificatePlane } from "./certificate-plane.ts";
import { openLanes } from "./lanes.ts";
import { resources } from "./resources.ts";
import { SnsState } from "./state.ts";

const onTopic =
  (action: string) =>
  (input: { TopicArn?: string | undefined }, cx: Cx): Ask =>
    askOf(action, input.TopicArn, cx);
const onResource =
  (action: string) =>
  (input: { ResourceArn?: string | undefined }, cx: Cx): Ask =>
    askOf(action, input.ResourceArn, cx);
const onAll = (): Ask => ({ resource: "*" });
/** AWS: a subscription is its owner's, and its topic's owner's. */
const onSubscription = (input: { SubscriptionArn?: string | undefined }, cx: Cx): Ask => {
  const key = findSubscriptionKey(input.SubscriptionArn ?? "");
  const owner = key && findSubscription(cx.state, key)?.owner;
  if (!key || owner === accountOf(cx.principal)) return { resource: "*" };
  return { resource: subscriptionArn(key), resourceAccount: key.topic.account };
};
/** AWS: confirming and ending a subscription need no signature. */
const unlessUnsigned = (ask: () => Ask, cx: Cx): readonly Ask[] => (cx.principal.kind === "anonymous" ? [] : [ask()]);

export const sns = defineService({
  api: "sns",
  iamPrefix: "sns",
  state: (kernel) => new SnsState(kernel),
  resources,
  dataPlanes: [certificatePlane as DataPlane<SnsState>],
  start(cx) {
    const { kernel, state } = cx;
    state.lanes = openLanes(cx);
    kernel.timers.handle<string>(PENDING_TIMER, (token) => {
      const found = state.tokens.get([token]);
      state.tokens.remove([token]);
      const current = found && findSubscription(state, found.subscription);
      if (current?.confirmation === "pending") removeSubscription({ state }, current);
    });
  },
  operations: {
    CreateTopic: topics.createTopic,
    DeleteTopic: topics.deleteTopic,
    ListTopics: topics.listTopics,
    GetTopicAttributes: topics.getTopicAttributes,
    SetTopicAttributes: topics.setTopicAttributes,
    AddPermission: permissions.addPermission,
    RemovePermission: permissions.removePermission,
    Subscribe: subscriptions.subscribe,
    ConfirmSubscription: subscriptions.confirmSubscription,
    Unsubscribe: subscriptions.unsubscribe,
    ListSubscriptions: subscriptions.listSubscriptions,
    ListSubscriptionsByTopic: subscriptions.listSubscriptionsByTopic,
    GetSubscriptionAttributes: subscriptions.getSubscriptionAttributes,
    SetSubscriptionAttributes: subscriptions.setSubscriptionAttributes,
    Publish: publish,
    PublishBatch: publishBatch,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    CreateTopic: (input, cx) => {
      const arn = topicArn({ ...cx.scope, name: input.Name ?? "" });
      return [
        { action: "sns:CreateTopic", resource: arn },
        ...(input.Tags && input.Tags.length > 0 ? [{ action: "sns:TagResource", resource: arn }] : []),
      ];
    },
    DeleteTopic: onTopic("DeleteTopic"),
    ListTopics: onAll,
    GetTopicAttributes: onTopic("GetTopicAttributes"),
    SetTopicAttributes: onTopic("SetTopicAttributes"),
    AddPermission: onTopic("AddPermission"),
    RemovePermission: onTopic("RemovePermission"),
    Subscribe: (input, cx) => {
      const ask = askOf("Subscribe", input.TopicArn, cx);
      const context = { "sns:Protocol": input.Protocol ?? "", "sns:Endpoint": input.Endpoint ?? "" };
      return { ...ask, context: { ...ask.context, ...context } };
    },
    ConfirmSubscription: (input, cx) => unlessUnsigned(() => askOf("ConfirmSubscription", input.TopicArn, cx), cx),
    Unsubscribe: (input, cx) => unlessUnsigned(() => onSubscription(input, cx), cx),
    ListSubscriptions: onAll,
    ListSubscriptionsByTopic: onTopic("ListSubscriptionsByTopic"),
    GetSubscriptionAttributes: onSubscription,
    SetSubscriptionAttributes: onSubscription,
    Publish: (input, cx) => askOf("Publish", input.TopicArn ?? input.TargetArn, cx),
    PublishBatch: onTopic("Publish"),
    TagResource: onResource("TagResource"),
    UntagResource: onResource("UntagResource"),
    ListTagsForResource: onResource("ListTagsForResource"),
  },
});
