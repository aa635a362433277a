/**
 * Amazon CloudWatch Logs: log groups and streams, writing, reading and searching events, live tail, metric filters,
 * subscription filters to functions, the embedded metric format.
 *
 * Gap: Logs Insights (StartQuery and all that belongs to it), transformers, data protection, field indexes, anomaly
 * detection, deliveries, exports, destinations, account policies and lookup tables are refused by name.
 * Gap: KMS keys on log groups, log groups of other accounts and resource policies of single groups are refused by name.
 * Gap: subscription filters deliver to Lambda; Kinesis, Firehose and logical destinations are refused by name.
 * Quirk: Live Tail sends an update as soon as there are events, not at the end of the second.
 */
import { defineService, suspends, type Ask, type CallContext } from "../../service.ts";
import { startDeliveries } from "./events.ts";
import { groupArn, iamArn, nameOfReference, nameOfIdentifier, type GroupReference } from "./group.ts";
import * as groups from "./operations/groups.ts";
import { startLiveTail } from "./operations/live-tail.ts";
import * as metricFilters from "./operations/metric-filters.ts";
import { filterLogEvents, getLogEvents } from "./operations/read-events.ts";
import * as policies from "./operations/resource-policies.ts";
import * as streams from "./operations/streams.ts";
import * as subscriptionFilters from "./operations/subscription-filters.ts";
import * as tags from "./operations/tags.ts";
import { putLogEvents } from "./operations/write-events.ts";
import { resources } from "./resources.ts";
import { handleRetention } from "./retention.ts";
import { LogsState } from "./state.ts";

type Cx = CallContext<LogsState>;

const ofGroup = (input: GroupReference, cx: Cx): Ask => ({ resource: iamArn(cx.scope, nameOfReference(input)) });
const ofStream = (input: GroupReference & { logStreamName?: string | undefined }, cx: Cx): Ask => ({
  resource: iamArn(cx.scope, nameOfReference(input), input.logStreamName ?? ""),
});
/** As above, where services may act too by the account's resource policies. */
const ofStreamWithPolicy = (input: Parameters<typeof ofStream>[0], cx: Cx): Ask => ({
  ...ofStream(input, cx),
  ...(cx.principal.kind === "service" ? { resourcePolicy: policies.mergedPolicy(cx.state, cx.scope) } : {}),
});
const ofAll = (_: unknown, cx: Cx): Ask => ({ resource: iamArn(cx.scope, "") });
const ofNothing = (): Ask => ({ resource: "*" });
/** AWS: tags are asked about by the ARN without `:*`. */
const ofTagged = (input: { resourceArn?: string | undefined }): Ask => ({ resource: input.resourceArn ?? "*" });
const ofTaggedGroup = (input: { logGroupName?: string | undefined }, cx: Cx): Ask => ({
  resource: groupArn(cx.scope, input.logGroupName ?? ""),
});
const ofReading = (input: Parameters<typeof ofStream>[0] & { unmask?: boolean | undefined }, cx: Cx): Ask[] => [
  ofStream(input, cx),
  ...(input.unmask ? [{ ...ofGroup(input, cx), action: "logs:Unmask" }] : []),
];

export const logs = defineService({
  api: "logs",
  iamPrefix: "logs",
  state: (kernel) => new LogsState(kernel),
  resources,
  start(cx) {
    handleRetention(cx);
    startDeliveries(cx);
  },
  operations: {
    CreateLogGroup: groups.createLogGroup,
    DeleteLogGroup: groups.deleteLogGroup,
    DescribeLogGroups: groups.describeLogGroups,
    PutRetentionPolicy: groups.putRetentionPolicy,
    DeleteRetentionPolicy: groups.deleteRetentionPolicy,
    PutLogGroupDeletionProtection: groups.putLogGroupDeletionProtection,
    CreateLogStream: streams.createLogStream,
    DeleteLogStream: streams.deleteLogStream,
    DescribeLogStreams: streams.describeLogStreams,
    PutLogEvents: putLogEvents,
    GetLogEvents: getLogEvents,
    FilterLogEvents: filterLogEvents,
    StartLiveTail: suspends(startLiveTail),
    PutMetricFilter: metricFilters.putMetricFilter,
    DescribeMetricFilters: metricFilters.describeMetricFilters,
    DeleteMetricFilter: metricFilters.deleteMetricFilter,
    TestMetricFilter: metricFilters.testMetricFilter,
    PutSubscriptionFilter: suspends(subscriptionFilters.putSubscriptionFilter),
    DescribeSubscriptionFilters: subscriptionFilters.describeSubscriptionFilters,
    DeleteSubscriptionFilter: subscriptionFilters.deleteSubscriptionFilter,
    PutResourcePolicy: policies.putResourcePolicy,
    DescribeResourcePolicies: policies.describeResourcePolicies,
    DeleteResourcePolicy: policies.deleteResourcePolicy,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
    TagLogGroup: tags.tagLogGroup,
    UntagLogGroup: tags.untagLogGroup,
    ListTagsLogGroup: tags.listTagsLogGroup,
  },
  authorize: {
    CreateLogGroup: (input, cx) => [
      ofGroup(input, cx),
      ...(input.tags ? [{ ...ofTaggedGroup(input, cx), action: "logs:TagResource" }] : []),
    ],
    DeleteLogGroup: ofGroup,
    DescribeLogGroups: ofAll,
    PutRetentionPolicy: ofGroup,
    DeleteRetentionPolicy: ofGroup,
    PutLogGroupDeletionProtection: (input, cx) => ({
      resource: iamArn(cx.scope, nameOfIdentifier(input.logGroupIdentifier ?? "")),
    }),
    CreateLogStream: ofStreamWithPolicy,
    DeleteLogStream: ofStream,
    DescribeLogStreams: ofGroup,
    PutLogEvents: ofStreamWithPolicy,
    GetLogEvents: ofReading,
    FilterLogEvents: (input, cx) => ofReading({ ...input, logStreamName: undefined }, cx),
    StartLiveTail: (input, cx) =>
      (input.logGroupIdentifiers ?? []).map((identifier) => ({
        resource: iamArn(cx.scope, nameOfIdentifier(identifier)),
      })),
    PutMetricFilter: ofGroup,
    DescribeMetricFilters: ofGroup,
    DeleteMetricFilter: ofGroup,
    TestMetricFilter: ofNothing,
    PutSubscriptionFilter: ofGroup,
    DescribeSubscriptionFilters: ofGroup,
    DeleteSubscriptionFilter: ofGroup,
    PutResourcePolicy: ofNothing,
    DescribeResourcePolicies: ofNothing,
    DeleteResourcePolicy: ofNothing,
    TagResource: ofTagged,
    UntagResource: ofTagged,
    ListTagsForResource: ofTagged,
    TagLogGroup: ofTaggedGroup,
    UntagLogGroup: ofTaggedGroup,
    ListTagsLogGroup: ofTaggedGroup,
  },
});
