/**
 * Amazon SNS: standard and FIFO topics; subscriptions of queues, functions, web servers and mailboxes.
 */
import { type Ask, type DataPlane, defineService } from "../../service.ts";
import * as permissions from "./operations/permissions.ts";
import { publish, publishBatch } from "./operations/publish.ts";
import * as subscriptions from "./operations/subscriptions.ts";
import * as tags from "./operations/tags.ts";
import * as topics from "./operations/topics.ts";
import { PENDING_TIMER, removeSubscription } from "./subscribing.ts";
import { findSubscription } from "./subscription.ts";
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
/** AWS: confirming and ending a subscription need no signature. */
const unlessUnsigned = (asks: (cx: Cx) => Ask, cx: Cx): readonly Ask[] =>
  cx.principal.kind === "anonymous" ? [] : [asks(cx)];

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
    Unsubscribe: (_, cx) => unlessUnsigned(onAll, cx),
    ListSubscriptions: onAll,
    ListSubscriptionsByTopic: onTopic("ListSubscriptionsByTopic"),
    GetSubscriptionAttributes: onAll,
    SetSubscriptionAttributes: onAll,
    Publish: (input, cx) => askOf("Publish", input.TopicArn ?? input.TargetArn, cx),
    PublishBatch: onTopic("Publish"),
    TagResource: onResource("TagResource"),
    UntagResource: onResource("UntagResource"),
    ListTagsForResource: onResource("ListTagsForResource"),
  },
});
