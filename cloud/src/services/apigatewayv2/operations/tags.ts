import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getStage } from "../lookup.ts";
import { checkTags } from "../tags.ts";

type Tags = Record<string, string>;

interface Tagged {
  readonly tags: Tags;
  put(tags: Tags): void;
}

/** AWS: APIs and stages have tags: `arn:aws:apigateway:REGION::/apis/ID`, `…/apis/ID/stages/NAME`. */
function taggedOf(cx: Cx, resourceArn: string | undefined): Tagged {
  const found = findArn(resourceArn ?? "");
  const match = found?.service === "apigateway" ? /^\/apis\/([^/]+)(?:\/stages\/([^/]+))?$/.exec(found.resource) : null;
  if (!match) throw badRequest(`Invalid ARN specified in the request: ${resourceArn}`);
  const { apis } = cx.state;
  const api = getApi(cx, match[1]);
  if (match[2] === undefined)
    return { tags: api.Tags ?? {}, put: (tags) => apis.apis.put([api.ApiId], { ...api, Tags: tags }) };
  const stage = getStage(cx, api, decodeURIComponent(match[2]));
  return {
    tags: stage.Tags ?? {},
    put: (tags) => apis.stages.put([api.ApiId, stage.StageName], { ...stage, Tags: tags }),
  };
}

export function tagResource(cx: Cx, { ResourceArn, Tags = {} }: Input<"apigatewayv2", "TagResource">): object {
  const tagged = taggedOf(cx, ResourceArn);
  const tags = { ...tagged.tags, ...Tags };
  checkTags(tags);
  tagged.put(tags);
  return {};
}

export function untagResource(cx: Cx, { ResourceArn, TagKeys = [] }: Input<"apigatewayv2", "UntagResource">): object {
  const tagged = taggedOf(cx, ResourceArn);
  tagged.put(Object.fromEntries(Object.entries(tagged.tags).filter(([key]) => !TagKeys.includes(key))));
  return {};
}

export function getTags(cx: Cx, { ResourceArn }: Input<"apigatewayv2", "GetTags">): Output<"apigatewayv2", "GetTags"> {
  return { Tags: taggedOf(cx, ResourceArn).tags };
}
