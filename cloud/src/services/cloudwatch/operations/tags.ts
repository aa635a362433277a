import { findArn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import type { AlarmState } from "../alarm.ts";
import { limitExceeded, resourceNotFound } from "../errors.ts";

type Context = CallContext<AlarmState>;

const TAGS_MAX = 50;

export function tagResource(
  cx: Context,
  input: Input<"cloudwatch", "TagResource">,
): Output<"cloudwatch", "TagResource"> {
  requireAlarm(cx, input.ResourceARN!);
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
  requireAlarm(cx, input.ResourceARN!);
  const tags = { ...cx.state.tags.get([input.ResourceARN!]) };
  for (const key of input.TagKeys!) delete tags[key];
  cx.state.tags.put([input.ResourceARN!], tags);
  return {};
}

export function listTagsForResource(
  cx: Context,
  input: Input<"cloudwatch", "ListTagsForResource">,
): Output<"cloudwatch", "ListTagsForResource"> {
  requireAlarm(cx, input.ResourceARN!);
  const tags = cx.state.tags.get([input.ResourceARN!]) ?? {};
  return { Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) };
}

function requireAlarm(cx: Context, resource: string): void {
  const name = /^alarm:(.+)$/.exec(findArn(resource)?.resource ?? "")?.[1];
  if (name === undefined || !cx.state.alarms.has([cx.scope.account, cx.scope.region, name]))
    throw resourceNotFound(resource);
}
