import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getStage } from "../lookup.ts";
import { isIn } from "../state.ts";
import { checkTags } from "../tags.ts";

type Tags = Record<string, string>;

/** What may be tagged, read and written in one way. */
interface Tagged {
  readonly tags: Tags;
  put(tags: Tags): void;
}

/** @param arn `arn:aws:apigateway:REGION::/restapis/ID`, `…/stages/NAME`, `…::/apikeys/ID`, `…::/usageplans/ID` */
function find(cx: Cx, arn: string | undefined): Tagged {
  const path = /^arn:aws[\w-]*:apigateway:[\w-]*::(\/.+)$/.exec(arn ?? "")?.[1];
  if (path === undefined) throw badRequest("Invalid ARN specified in the request");
  const [kind, id = "", within, name] = path.slice(1).split("/").map(decodeURIComponent);
  const { apis } = cx.state;
  if (kind === "restapis" && within === undefined) {
    const api = getApi(cx, id);
    return { tags: api.tags ?? {}, put: (tags) => apis.apis.put([api.id], { ...api, tags }) };
  }
  if (kind === "restapis" && within === "stages") {
    const stage = getStage(cx, id, name);
    return { tags: stage.tags ?? {}, put: (tags) => apis.stages.put([id, stage.stageName], { ...stage, tags }) };
  }
  const kept = kind === "apikeys" ? apis.keys : kind === "usageplans" ? apis.plans : undefined;
  const record = kept?.get([id]);
  if (!kept || !record || !isIn(record.scope, cx.scope)) throw notFound("Invalid Resource identifier specified");
  return { tags: record.tags ?? {}, put: (tags) => kept.put([id], { ...record, tags } as never) };
}

export function tagResource(cx: Cx, input: Input<"apigateway", "TagResource">): Record<string, never> {
  const tagged = find(cx, input.resourceArn);
  const tags = { ...tagged.tags, ...input.tags };
  checkTags(tags);
  tagged.put(tags);
  return {};
}

export function untagResource(cx: Cx, input: Input<"apigateway", "UntagResource">): Record<string, never> {
  const tagged = find(cx, input.resourceArn);
  tagged.put(Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !input.tagKeys?.includes(key))));
  return {};
}

export function getTags(cx: Cx, input: Input<"apigateway", "GetTags">): Output<"apigateway", "GetTags"> {
  return { tags: find(cx, input.resourceArn).tags };
}
