import type { Tag } from "@aws-sdk/client-cloudwatch";
import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import type { CallContext } from "../../../service.ts";
import type { AlarmState } from "../alarm.ts";
import { limitExceeded, resourceNotFound } from "../errors.ts";

type Context = CallContext<AlarmState>;

const TAGS_MAX = 50;

/** Keeps the tags that a new resource is made with. */
export function keepTags(state: AlarmState, arn: string, tags: readonly Tag[] | undefined): void {
  if (tags?.length) state.tags.put([arn], Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!])));
}

export function tagResource(
  cx: Context,
  input: Input<"cloudwatch", "TagResource">,
): Output<"cloudwatch", "TagResource"> {
  requireResource(cx, input.ResourceARN!);
  const added = Object.fromEntries(input.Tags!.map(({ Key, Value }) => [Key!, Value!]));
  const tags = { ...cx.state.tags.get([input.ResourceARN!]), ...added };
  if (Object.keys(tags).length > TAGS_MAX) throw limitExceeded(`A resource may have no more than ${TAGS_MAX} tags.`);
  cx.state.tags.put([input.ResourceARN!], tags);
  return {};
}

export function untagResource(
  cx: Context,
  input: Input<"cloudwatch", "UntagResource">,
): Output<"cloudwatch", "UntagResource"> {
  requireResource(cx, input.ResourceARN!);
  const tags = { ...cx.state.tags.get([input.ResourceARN!]) };
  for (const key of input.TagKeys!) delete tags[key];
  cx.state.tags.put([input.ResourceARN!], tags);
  return {};
}

export function listTagsForResource(
  cx: Context,
  input: Input<"cloudwatch", "ListTagsForResource">,
): Output<"cloudwatch", "ListTagsForResource"> {
  requireResource(cx, input.ResourceARN!);
  const tags = cx.state.tags.get([input.ResourceARN!]) ?? {};
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function requireResource(cx: Context, arn: string): void {
  const resource = findArn(arn)?.resource ?? "";
  const alarm = /^alarm:(.+)$/.exec(resource)?.[1];
  const dashboard = /^dashboard\/(.+)$/.exec(resource)?.[1];
  const { account, region } = cx.scope;
  const known =
    (alarm !== undefined && cx.state.alarms.has([account, region, alarm])) ||
    (dashboard !== undefined && cx.state.dashboards.has([account, dashboard]));
  if (!known) throw resourceNotFound(arn);
}
