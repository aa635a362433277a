import { AwsError } from "../../../aws/error.ts";
import { defineResource, type ResourceContext, type ResourceTag } from "../../../deploy/resource.ts";
import { busArn } from "../bus.ts";
import type { Statement } from "../state.ts";

interface BusProps {
  Name: string;
  EventSourceName?: string;
  Description?: string;
  DeadLetterConfig?: { Arn?: string };
  Policy?: unknown;
  Tags?: ResourceTag[];
}

function textOf(document: unknown): string {
  return typeof document === "string" ? document : JSON.stringify(document);
}

export async function changeTags(
  cx: ResourceContext,
  ResourceARN: string,
  before: ResourceTag[] | undefined,
  after: ResourceTag[] | undefined,
): Promise<void> {
  const TagKeys = cx.removedTagKeys(before, after);
  const Tags = cx.mergedTags(after);
  if (TagKeys.length > 0) await cx.call("events", "UntagResource", { ResourceARN, TagKeys });
  if (Tags.length > 0) await cx.call("events", "TagResource", { ResourceARN, Tags });
}

export const eventBus = defineResource<BusProps>({
  type: "AWS::Events::EventBus",
  honours: { Name: true, EventSourceName: true, Description: true, DeadLetterConfig: true, Policy: true, Tags: true },
  async create(cx, { Name, EventSourceName, Description, DeadLetterConfig, Policy, Tags }) {
    await cx.call("events", "CreateEventBus", {
      Name,
      EventSourceName,
      Description,
      DeadLetterConfig,
      Tags: cx.mergedTags(Tags),
    });
    cx.initiated(Name);
    if (Policy !== undefined) await cx.call("events", "PutPermission", { EventBusName: Name, Policy: textOf(Policy) });
    return { physicalId: Name };
  },
  async update(cx, { physicalId: Name, props, previous }) {
    const { Description, DeadLetterConfig, Policy, Tags } = props;
    await cx.call("events", "UpdateEventBus", { Name, Description, DeadLetterConfig });
    if (Policy !== undefined) await cx.call("events", "PutPermission", { EventBusName: Name, Policy: textOf(Policy) });
    else if (previous.Policy !== undefined)
      await cx.call("events", "RemovePermission", { EventBusName: Name, RemoveAllPermissions: true });
    await changeTags(cx, busArn({ ...cx.scope, bus: Name }), previous.Tags, Tags);
  },
  async delete(cx, { physicalId: Name }) {
    await cx.call("events", "DeleteEventBus", { Name });
  },
  async attributes(cx, physicalId) {
    const { Policy = "" } = await cx.call("events", "DescribeEventBus", { Name: physicalId });
    return { Arn: busArn({ ...cx.scope, bus: physicalId }), Name: physicalId, Policy };
  },
});

interface PolicyProps {
  EventBusName?: string;
  StatementId: string;
  Statement?: Statement;
  Action?: string;
  Principal?: string;
  Condition?: { Type: string; Key: string; Value: string };
}

/** One statement of a bus's policy; the others stay. */
async function putStatement(cx: ResourceContext, props: PolicyProps): Promise<void> {
  const { EventBusName, StatementId, Statement: statement, Action, Principal, Condition } = props;
  if (statement === undefined) {
    await cx.call("events", "PutPermission", { EventBusName, StatementId, Action, Principal, Condition });
    return;
  }
  const { Policy } = await cx.call("events", "DescribeEventBus", { Name: EventBusName });
  const policy = Policy === undefined ? {} : (JSON.parse(Policy) as { Statement?: Statement[] });
  const others = (policy.Statement ?? []).filter(({ Sid }) => Sid !== StatementId);
  await cx.call("events", "PutPermission", {
    EventBusName,
    Policy: JSON.stringify({ Version: "2012-10-17", Statement: [...others, { ...statement, Sid: StatementId }] }),
  });
}

export const eventBusPolicy = defineResource<PolicyProps>({
  type: "AWS::Events::EventBusPolicy",
  honours: {
    EventBusName: true,
    StatementId: true,
    Statement: true,
    Action: true,
    Principal: true,
    Condition: true,
  },
  async create(cx, props) {
    await putStatement(cx, props);
    return { physicalId: `event-bus-policy-${props.EventBusName ?? "default"}-${props.StatementId}` };
  },
  async update(cx, { props }) {
    await putStatement(cx, props);
  },
  async delete(cx, { props: { EventBusName, StatementId } }) {
    await cx.call("events", "RemovePermission", { EventBusName, StatementId }).catch((error: unknown) => {
      if (!(error instanceof AwsError) || error.code !== "ResourceNotFoundException") throw error;
    });
  },
});
