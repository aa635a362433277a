import type { InputTransformer, Target } from "@aws-sdk/client-eventbridge";
import { findArn } from "../../../aws/arn.ts";
import { defineResource, type ResourceContext, type ResourceTag } from "../../../deploy/resource.ts";
import { DEFAULT_BUS, ruleArn } from "../bus.ts";
import { changeTags } from "./buses.ts";

interface RuleProps {
  Name?: string;
  EventBusName?: string;
  Description?: string;
  EventPattern?: unknown;
  ScheduleExpression?: string;
  State?: "ENABLED" | "DISABLED";
  RoleArn?: string;
  Targets?: (Omit<Target, "InputTransformer"> & { InputTransformer?: InputTransformer })[];
  Tags?: ResourceTag[];
}

const NAME_MAX = 64;
/** AWS: this many targets a call. */
const TARGETS_PER_CALL = 10;

function nameOfBus(nameOrArn: string = DEFAULT_BUS): string {
  return findArn(nameOrArn)?.resource.replace(/^event-bus\//, "") ?? nameOrArn;
}

/** The physical id is `RULE` on the default bus, else `BUS|RULE`. */
function partsOf(physicalId: string): { Name: string; EventBusName: string } {
  const bar = physicalId.indexOf("|");
  return { Name: physicalId.slice(bar + 1), EventBusName: bar < 0 ? DEFAULT_BUS : physicalId.slice(0, bar) };
}

async function putRule(cx: ResourceContext, Name: string, props: RuleProps, tags: boolean): Promise<void> {
  const { EventBusName, Description, EventPattern, ScheduleExpression, State, RoleArn, Targets = [], Tags } = props;
  await cx.call("events", "PutRule", {
    Name,
    EventBusName,
    Description,
    ...(EventPattern === undefined
      ? {}
      : { EventPattern: typeof EventPattern === "string" ? EventPattern : JSON.stringify(EventPattern) }),
    ScheduleExpression,
    State,
    RoleArn,
    ...(tags ? { Tags: cx.mergedTags(Tags) } : {}),
  });
  for (let at = 0; at < Targets.length; at += TARGETS_PER_CALL)
    await cx.call("events", "PutTargets", {
      Rule: Name,
      EventBusName,
      Targets: Targets.slice(at, at + TARGETS_PER_CALL),
    });
}

export const rule = defineResource<RuleProps>({
  type: "AWS::Events::Rule",
  honours: {
    Name: true,
    EventBusName: true,
    Description: true,
    EventPattern: true,
    ScheduleExpression: true,
    State: true,
    RoleArn: true,
    Tags: true,
    Targets: {
      Id: true,
      Arn: true,
      RoleArn: true,
      Input: true,
      InputPath: true,
      InputTransformer: true,
      HttpParameters: true,
      KinesisParameters: true,
      SqsParameters: true,
      RetryPolicy: true,
      DeadLetterConfig: true,
    },
  },
  async create(cx, props) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    const bus = nameOfBus(props.EventBusName);
    const physicalId = bus === DEFAULT_BUS ? Name : `${bus}|${Name}`;
    cx.initiated(physicalId);
    await putRule(cx, Name, props, true);
    return { physicalId };
  },
  async update(cx, { physicalId, props, previous }) {
    const { Name, EventBusName } = partsOf(physicalId);
    await putRule(cx, Name, props, false);
    const kept = new Set((props.Targets ?? []).map(({ Id }) => Id));
    const Ids = (previous.Targets ?? []).flatMap(({ Id }) => (kept.has(Id) ? [] : [Id!]));
    if (Ids.length > 0) await cx.call("events", "RemoveTargets", { Rule: Name, EventBusName, Ids });
    await changeTags(cx, ruleArn({ ...cx.scope, bus: EventBusName, rule: Name }), previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    const { Name, EventBusName } = partsOf(physicalId);
    const { Targets = [] } = await cx.call("events", "ListTargetsByRule", { Rule: Name, EventBusName });
    if (Targets.length > 0)
      await cx.call("events", "RemoveTargets", { Rule: Name, EventBusName, Ids: Targets.map(({ Id }) => Id!) });
    await cx.call("events", "DeleteRule", { Name, EventBusName });
  },
  async attributes(cx, physicalId) {
    const { Name, EventBusName } = partsOf(physicalId);
    return { Arn: ruleArn({ ...cx.scope, bus: EventBusName, rule: Name }) };
  },
});

interface ArchiveProps {
  ArchiveName?: string;
  SourceArn: string;
  Description?: string;
  EventPattern?: unknown;
  RetentionDays?: number;
  KmsKeyIdentifier?: string;
}

const ARCHIVE_NAME_MAX = 48;

function archiveInput({ Description, EventPattern, RetentionDays, KmsKeyIdentifier }: ArchiveProps) {
  return {
    Description,
    ...(EventPattern === undefined ? {} : { EventPattern: JSON.stringify(EventPattern) }),
    RetentionDays,
    // CDK writes "" where no key is given.
    KmsKeyIdentifier,
  };
}

export const archive = defineResource<ArchiveProps>({
  type: "AWS::Events::Archive",
  honours: {
    ArchiveName: true,
    SourceArn: true,
    Description: true,
    EventPattern: true,
    RetentionDays: true,
    KmsKeyIdentifier: true,
  },
  async create(cx, props) {
    const ArchiveName = props.ArchiveName ?? cx.physicalName(ARCHIVE_NAME_MAX);
    await cx.call("events", "CreateArchive", { ArchiveName, EventSourceArn: props.SourceArn, ...archiveInput(props) });
    return { physicalId: ArchiveName };
  },
  async update(cx, { physicalId: ArchiveName, props }) {
    await cx.call("events", "UpdateArchive", { ArchiveName, ...archiveInput(props) });
  },
  async delete(cx, { physicalId: ArchiveName }) {
    await cx.call("events", "DeleteArchive", { ArchiveName });
  },
  async attributes(cx, ArchiveName) {
    return { Arn: (await cx.call("events", "DescribeArchive", { ArchiveName })).ArchiveArn };
  },
  replaces: (previous, props) =>
    previous.EventPattern !== undefined && props.EventPattern === undefined ? ["EventPattern"] : [],
});
