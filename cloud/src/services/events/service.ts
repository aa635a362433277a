/**
 * Amazon EventBridge: event buses, rules with patterns and schedules, targets, archives and replays, connections and API
 * destinations, partner event sources.
 *
 * Gap: global endpoints, KMS keys, logging of buses and private connections are refused by name; so are the schema
 * registry and discovery (another API of AWS's).
 * Gap: targets of services that are not here (ECS, Batch, Firehose, Redshift, SageMaker, Systems Manager, AppSync …) are
 * refused by name when they are put.
 * Gap: the secret of a connection is kept here; it is not seen in Secrets Manager.
 * Gap: an archive shows no managed rule `Events-Archive-…` on its bus.
 * Gap: quotas of rules per bus and of invocations per second are not enforced.
 * Gap: messages of invalid patterns name the field by its path and not the line and column.
 * Gap: whole numbers in events that JavaScript cannot hold (above 2^53) lose digits.
 * Quirk: events for a bus that does not exist are taken and lost, as at AWS.
 */
import { defineService, suspends, type Ask, type CallContext } from "../../service.ts";
import { passRole } from "../../iam/pass-role.ts";
import { archiveArn, handleRetention } from "./archive.ts";
import { busArn, busKey, findBus, policyOf, ruleArn } from "./bus.ts";
import { startAuthorizing } from "./connection-session.ts";
import { dispatchPolicy } from "./dispatch.ts";
import { forwarded } from "./forwarding.ts";
import { nextRun } from "./inspect.ts";
import * as apiDestinations from "./operations/api-destinations.ts";
import * as archives from "./operations/archives.ts";
import * as buses from "./operations/buses.ts";
import * as connections from "./operations/connections.ts";
import * as partnerSources from "./operations/partner-sources.ts";
import * as permissions from "./operations/permissions.ts";
import { putEvents } from "./operations/put-events.ts";
import * as replays from "./operations/replays.ts";
import * as rules from "./operations/rules.ts";
import * as tags from "./operations/tags.ts";
import * as targets from "./operations/targets.ts";
import { sourceArn } from "./partner-source.ts";
import { replayArn, startReplays } from "./replay.ts";
import { resources } from "./resources.ts";
import { Roles } from "../../outbound/roles.ts";
import { handleSchedules } from "./schedule.ts";
import { EventsState } from "./state.ts";

type Cx = CallContext<EventsState>;
type OnBus = { readonly EventBusName?: string | undefined };

const any = (): Ask => ({ resource: "*" });
const onBus = (cx: Cx, name: string | undefined): Ask => {
  const key = busKey(cx.scope, name);
  const bus = findBus(cx.state, key);
  return { resource: busArn(key), resourcePolicy: bus && policyOf(bus) };
};
const onRule = (cx: Cx, rule: string | undefined, bus: string | undefined): Ask => {
  const key = busKey(cx.scope, bus);
  const record = findBus(cx.state, key);
  return { resource: ruleArn({ ...key, rule: rule ?? "*" }), resourcePolicy: record && policyOf(record) };
};
const ofRule = (input: OnBus & { Name?: string | undefined }, cx: Cx): Ask =>
  onRule(cx, input.Name, input.EventBusName);
const ofTargets = (input: OnBus & { Rule?: string | undefined }, cx: Cx): Ask =>
  onRule(cx, input.Rule, input.EventBusName);
const ofNamed =
  (kind: string) =>
  (input: { Name?: string | undefined }, cx: Cx): Ask => ({
    resource: `arn:aws:events:${cx.scope.region}:${cx.scope.account}:${kind}/${input.Name ?? "*"}`,
  });
const ofConnection = ofNamed("connection");
const ofApiDestination = ofNamed("api-destination");
const ofArchive = (input: { ArchiveName?: string | undefined }, cx: Cx): Ask => ({
  resource: archiveArn(cx.scope, input.ArchiveName ?? "*"),
});
const ofReplay = (input: { ReplayName?: string | undefined }, cx: Cx): Ask => ({
  resource: replayArn(cx.scope, input.ReplayName ?? "*"),
});
const ofSource = (input: { Name?: string | undefined }, cx: Cx): Ask => ({
  resource: sourceArn(cx.scope.region, input.Name ?? "*"),
});
const ofTagged = (input: { ResourceARN?: string | undefined }): Ask => ({ resource: input.ResourceARN ?? "*" });
const ofNamedBus = (input: { Name?: string | undefined }, cx: Cx): Ask => onBus(cx, input.Name);
const ofBus = (input: OnBus, cx: Cx): Ask => onBus(cx, input.EventBusName);

export const events = defineService({
  api: "events",
  iamPrefix: "events",
  state: (kernel) => new EventsState(kernel),
  resources,
  views: { nextRun },
  start(cx) {
    const { state, kernel } = cx;
    state.roles = new Roles(cx, "events.amazonaws.com");
    state.dispatch = kernel.deliveries.register(dispatchPolicy(cx));
    startAuthorizing(cx);
    startReplays(cx);
    handleSchedules(cx);
    handleRetention(cx);
  },
  operations: {
    CreateEventBus: buses.createEventBus,
    UpdateEventBus: buses.updateEventBus,
    DeleteEventBus: buses.deleteEventBus,
    DescribeEventBus: buses.describeEventBus,
    ListEventBuses: buses.listEventBuses,
    PutRule: rules.putRule,
    DescribeRule: rules.describeRule,
    ListRules: rules.listRules,
    EnableRule: rules.enableRule,
    DisableRule: rules.disableRule,
    DeleteRule: rules.deleteRule,
    TestEventPattern: rules.testEventPattern,
    PutTargets: suspends(targets.putTargets),
    RemoveTargets: targets.removeTargets,
    ListTargetsByRule: targets.listTargetsByRule,
    ListRuleNamesByTarget: targets.listRuleNamesByTarget,
    PutEvents: putEvents,
    PutPermission: permissions.putPermission,
    RemovePermission: permissions.removePermission,
    CreateArchive: archives.createArchive,
    UpdateArchive: archives.updateArchive,
    DeleteArchive: archives.deleteArchive,
    DescribeArchive: archives.describeArchive,
    ListArchives: archives.listArchives,
    StartReplay: replays.startReplay,
    CancelReplay: replays.cancelReplay,
    DescribeReplay: replays.describeReplay,
    ListReplays: replays.listReplays,
    CreateConnection: connections.createConnection,
    UpdateConnection: connections.updateConnection,
    DeauthorizeConnection: connections.deauthorizeConnection,
    DeleteConnection: connections.deleteConnection,
    DescribeConnection: connections.describeConnection,
    ListConnections: connections.listConnections,
    CreateApiDestination: apiDestinations.createApiDestination,
    UpdateApiDestination: apiDestinations.updateApiDestination,
    DeleteApiDestination: apiDestinations.deleteApiDestination,
    DescribeApiDestination: apiDestinations.describeApiDestination,
    ListApiDestinations: apiDestinations.listApiDestinations,
    CreatePartnerEventSource: partnerSources.createPartnerEventSource,
    DeletePartnerEventSource: partnerSources.deletePartnerEventSource,
    DescribePartnerEventSource: partnerSources.describePartnerEventSource,
    ListPartnerEventSources: partnerSources.listPartnerEventSources,
    ListPartnerEventSourceAccounts: partnerSources.listPartnerEventSourceAccounts,
    DescribeEventSource: partnerSources.describeEventSource,
    ListEventSources: partnerSources.listEventSources,
    ActivateEventSource: partnerSources.activateEventSource,
    DeactivateEventSource: partnerSources.deactivateEventSource,
    PutPartnerEvents: partnerSources.putPartnerEvents,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTagsForResource: tags.listTagsForResource,
  },
  authorize: {
    CreateEventBus: ofNamedBus,
    UpdateEventBus: ofNamedBus,
    DeleteEventBus: ofNamedBus,
    DescribeEventBus: ofNamedBus,
    ListEventBuses: any,
    PutRule: ofRule,
    DescribeRule: ofRule,
    ListRules: (input, cx) => onRule(cx, undefined, input.EventBusName),
    EnableRule: ofRule,
    DisableRule: ofRule,
    DeleteRule: ofRule,
    TestEventPattern: any,
    PutTargets: (input, cx) => [
      ofTargets(input, cx),
      ...(input.Targets ?? []).flatMap(({ RoleArn }) =>
        RoleArn === undefined ? [] : [passRole(RoleArn, "events.amazonaws.com")],
      ),
    ],
    RemoveTargets: ofTargets,
    ListTargetsByRule: ofTargets,
    ListRuleNamesByTarget: (input, cx) => onRule(cx, undefined, input.EventBusName),
    PutEvents: (input, cx) =>
      (input.Entries ?? []).flatMap((entry) => {
        // AWS: services put their own events on the default bus of the account that they concern.
        if (cx.principal.kind === "service" && !forwarded.has(entry)) return [];
        const context = { "events:source": entry.Source ?? "", "events:detail-type": entry.DetailType ?? "" };
        return [{ ...onBus(cx, entry.EventBusName), context }];
      }),
    PutPermission: ofBus,
    RemovePermission: ofBus,
    CreateArchive: ofArchive,
    UpdateArchive: ofArchive,
    DeleteArchive: ofArchive,
    DescribeArchive: ofArchive,
    ListArchives: any,
    StartReplay: ofReplay,
    CancelReplay: ofReplay,
    DescribeReplay: ofReplay,
    ListReplays: any,
    CreateConnection: ofConnection,
    UpdateConnection: ofConnection,
    DeauthorizeConnection: ofConnection,
    DeleteConnection: ofConnection,
    DescribeConnection: ofConnection,
    ListConnections: any,
    CreateApiDestination: ofApiDestination,
    UpdateApiDestination: ofApiDestination,
    DeleteApiDestination: ofApiDestination,
    DescribeApiDestination: ofApiDestination,
    ListApiDestinations: any,
    CreatePartnerEventSource: ofSource,
    DeletePartnerEventSource: ofSource,
    DescribePartnerEventSource: ofSource,
    ListPartnerEventSources: any,
    ListPartnerEventSourceAccounts: any,
    DescribeEventSource: ofSource,
    ListEventSources: any,
    ActivateEventSource: ofSource,
    DeactivateEventSource: ofSource,
    PutPartnerEvents: any,
    TagResource: ofTagged,
    UntagResource: ofTagged,
    ListTagsForResource: ofTagged,
  },
});
