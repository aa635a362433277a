import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { filterPolicyLimitExceeded, invalid, invalidParameter, notAuthorized } from "../errors.ts";
import { pageOf } from "../page.ts";
import {
  accountOf,
  askForConfirmation,
  confirm,
  endSubscription,
  needsConfirmation,
  PENDING_TIMER,
  principalOf,
} from "../subscribing.ts";
import {
  findSubscription,
  getSubscription,
  putSubscription,
  readSubscriptionArn,
  subscriptionArn,
  subscriptionsOf,
} from "../subscription.ts";
import { checkAttributes, describeSubscription, keptValue } from "../subscription-attributes.ts";
import { checkLargeMessages, MESSAGE_BYTES_DEFAULT, messageBytesMax } from "../topic-attributes.ts";
import { type Cx, findTopicKey, getTopic, topicArn } from "../topic.ts";
import type { Attributes, Protocol, SubscriptionRecord, TopicRecord } from "../records.ts";

const PROTOCOLS = new Set<string>(["http", "https", "email", "email-json", "sqs", "lambda"]);
const REFUSED: Readonly<Record<string, string>> = {
  sms: "SNS subscriptions of telephones (sms)",
  application: "SNS subscriptions of mobile applications (application)",
  firehose: "SNS subscriptions of Firehose streams (firehose)",
};

/** AWS: subscribing an endpoint again answers the subscription that is there, unless its attributes differ. */
export function subscribe(cx: Cx, input: Input<"sns", "Subscribe">): Output<"sns", "Subscribe"> {
  const topic = getTopic(cx, input.TopicArn);
  const protocol = readProtocol(input.Protocol ?? "");
  const endpoint = readEndpoint(topic, protocol, input.Endpoint);
  const given = input.Attributes ?? {};
  checkAttributes(given, given, { protocol, endpoint, topic }, "Attributes Reason: ");
  const attributes = keptAttributes(given);
  const all = [...subscriptionsOf(cx.state, topic)];
  const known = all.find((one) => one.protocol === protocol && one.endpoint === endpoint);
  if (!known && attributes["FilterPolicy"]) checkFilterCount(all);
  if (!known && messageBytesMax(topic) > MESSAGE_BYTES_DEFAULT) checkLargeMessages([...all, { protocol }]);
  if (known && Object.entries(attributes).some(([name, value]) => (known.attributes[name] ?? "false") !== value))
    throw invalidParameter("Attributes Reason: Subscription already exists with different attributes");
  const subscription = known ?? create(cx, topic, { protocol, endpoint, attributes });
  const isPending = subscription.confirmation === "pending";
  if (isPending) askForConfirmation(cx, subscription);
  return {
    SubscriptionArn: isPending && !input.ReturnSubscriptionArn ? "pending confirmation" : subscriptionArn(subscription),
  };
}

/** AWS: "By default, you can have up to 200 filter policies per topic". */
const FILTERS_MAX = 200;

function checkFilterCount(subscriptions: Iterable<SubscriptionRecord>): void {
  let count = 0;
  for (const { attributes } of subscriptions) if (attributes["FilterPolicy"]) count++;
  if (count >= FILTERS_MAX) throw filterPolicyLimitExceeded();
}

function create(
  cx: Cx,
  topic: TopicRecord,
  parts: Pick<SubscriptionRecord, "protocol" | "endpoint" | "attributes">,
): SubscriptionRecord {
  const { account, region, name } = topic;
  const subscription: SubscriptionRecord = {
    ...parts,
    id: cx.kernel.random.uuid(),
    topic: { account, region, name },
    owner: accountOf(cx.principal) ?? account,
    principal: principalOf(cx.principal),
    confirmation: needsConfirmation(cx, parts) ? "pending" : "authenticated",
  };
  putSubscription(cx.state, subscription);
  return subscription;
}

function keptAttributes(given: Attributes): Attributes {
  const set = Object.entries(given).filter(([, value]) => value !== "");
  return Object.fromEntries(set.map(([name, value]) => [name, keptValue(name, value)]));
}

function readProtocol(text: string): Protocol {
  const refused = REFUSED[text];
  if (refused !== undefined) throw new NotEmulatedError(refused);
  if (!PROTOCOLS.has(text)) throw invalidParameter(`Amazon SNS does not support this protocol string: ${text}`);
  return text as Protocol;
}

function readEndpoint(topic: TopicRecord, protocol: Protocol, given = ""): string {
  const arn = findArn(given);
  switch (protocol) {
    case "http":
    case "https":
      if (!given.startsWith(`${protocol}://`) || !URL.canParse(given))
        throw invalidParameter("Endpoint must match the specified protocol");
      break;
    case "email":
    case "email-json":
      if (!/^[^@\s]+@[^@\s]+$/.test(given)) throw invalidParameter("Email address");
      break;
    case "sqs":
      if (arn?.service !== "sqs" || arn.resource.includes(":")) throw invalidParameter("SQS endpoint ARN");
      if (given.endsWith(".fifo") && !topic.fifo)
        throw invalidParameter(
          "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to standard SNS topics",
        );
      break;
    case "lambda":
      if (arn?.service !== "lambda" || !arn.resource.startsWith("function:"))
        throw invalidParameter("Lambda endpoint ARN");
  }
  // AWS: "FIFO topics … deliver to Amazon SQS FIFO queues and standard queues".
  if (topic.fifo && protocol !== "sqs")
    throw invalidParameter(`Invalid parameter: Protocol Reason: FIFO topics do not support the protocol ${protocol}`);
  return given;
}

/** AWS: whoever has the token may confirm; a signature is needed only to forbid others to end the subscription. */
export function confirmSubscription(
  cx: Cx,
  input: Input<"sns", "ConfirmSubscription">,
): Output<"sns", "ConfirmSubscription"> {
  const { Token: token = "", AuthenticateOnUnsubscribe: authenticate } = input;
  const key = findTopicKey(input.TopicArn ?? "");
  if (!key) throw invalidParameter("Topic");
  if (!/^[0-9a-f]{64,}$/.test(token)) throw invalid("Invalid token");
  const found = cx.state.tokens.get([token]);
  if (!found || found.expiresMs <= cx.kernel.clock.now()) throw invalidParameter("Token");
  const { topic: place } = found.subscription;
  if (place.name !== key.name || place.account !== key.account || place.region !== key.region)
    throw invalidParameter("Token");
  const topic = cx.state.topics.get([place.account, place.region, place.name]);
  if (!topic) throw invalidParameter("Token");
  cx.kernel.timers.cancel(PENDING_TIMER, token);
  return { SubscriptionArn: subscriptionArn(confirm(cx, topic, found, authenticate === "true")) };
}

/**
 * AWS: "If the Unsubscribe call does not require authentication and the requester is not the subscription owner, a final
 * cancellation message is delivered to the endpoint"; observed: to a web server also where its owner ends it.
 */
export function unsubscribe(cx: Cx, input: Input<"sns", "Unsubscribe">): object {
  const subscription = findSubscription(cx.state, readSubscriptionArn(input.SubscriptionArn));
  if (!subscription) return {};
  const account = accountOf(cx.principal);
  if (account === undefined && subscription.authenticateOnUnsubscribe)
    throw notAuthorized("The subscription requires authentication for deletion");
  const isServer = subscription.protocol === "http" || subscription.protocol === "https";
  endSubscription(cx, subscription, isServer || account !== subscription.owner);
  return {};
}

export function listSubscriptions(
  cx: Cx,
  input: Input<"sns", "ListSubscriptions">,
): Output<"sns", "ListSubscriptions"> {
  const { account, region } = cx.scope;
  const own = [...cx.state.subscriptions.values()].filter(
    ({ owner, topic }) => owner === account && topic.region === region,
  );
  const { page, ...next } = pageOf(own, input.NextToken);
  return { Subscriptions: page.map(listed), ...next };
}

export function listSubscriptionsByTopic(
  cx: Cx,
  input: Input<"sns", "ListSubscriptionsByTopic">,
): Output<"sns", "ListSubscriptionsByTopic"> {
  const all = [...subscriptionsOf(cx.state, getTopic(cx, input.TopicArn))];
  const { page, ...next } = pageOf(all, input.NextToken);
  return { Subscriptions: page.map(listed), ...next };
}

function listed(subscription: SubscriptionRecord) {
  return {
    SubscriptionArn: subscription.confirmation === "pending" ? "PendingConfirmation" : subscriptionArn(subscription),
    Owner: subscription.owner,
    Protocol: subscription.protocol,
    Endpoint: subscription.endpoint,
    TopicArn: topicArn(subscription.topic),
  };
}

export function getSubscriptionAttributes(
  cx: Cx,
  input: Input<"sns", "GetSubscriptionAttributes">,
): Output<"sns", "GetSubscriptionAttributes"> {
  return { Attributes: describeSubscription(cx.state, getSubscription(cx, input.SubscriptionArn)) };
}

export function setSubscriptionAttributes(cx: Cx, input: Input<"sns", "SetSubscriptionAttributes">): object {
  const subscription = getSubscription(cx, input.SubscriptionArn);
  const { AttributeName: name = "", AttributeValue: value = "" } = input;
  checkAttributes({ [name]: value }, subscription.attributes, subscription, "");
  if (name === "FilterPolicy" && value !== "" && !subscription.attributes["FilterPolicy"])
    checkFilterCount(subscriptionsOf(cx.state, subscription.topic));
  const { [name]: _, ...others } = subscription.attributes;
  const attributes = value === "" ? others : { ...others, [name]: keptValue(name, value) };
  putSubscription(cx.state, { ...subscription, attributes });
  return {};
}
