/**
 * AWS Systems Manager: Parameter Store. All else of Systems Manager is refused by name.
 *
 * Gap: KMS keys other than alias/aws/ssm, the data types aws:ec2:image and aws:ssm:integration, notification policies
 * and shared parameters are refused by name.
 * Gap: public parameters (`/aws/service/…`) are not known: ParameterNotFound.
 * Gap: no events are sent to EventBridge when a parameter changes.
 */
import { defineService, type Ask } from "../../service.ts";
import { parameterArn, parseSelected } from "./name.ts";
import { labels } from "./operations/labels.ts";
import { read } from "./operations/read.ts";
import { tags } from "./operations/tags.ts";
import { write } from "./operations/write.ts";
import { resources } from "./resources.ts";
import { openSsmState, type Cx } from "./state.ts";

function onParameter({ Name = "" }: { readonly Name?: string | undefined }, cx: Cx): Ask {
  const { name } = parseSelected(cx.scope, Name);
  const found = cx.state.parameters.get([cx.scope.account, cx.scope.region, name]);
  const context = Object.fromEntries(
    Object.entries(found?.tags ?? {}).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`ssm:resourceTag/${key}`, value],
    ]),
  );
  return { resource: parameterArn(cx.scope, name), context };
}

function onParameters({ Names = [] }: { readonly Names?: readonly string[] | undefined }, cx: Cx): Ask[] {
  return Names.map((Name) => onParameter({ Name }, cx));
}

function onTagged(
  input: { readonly ResourceType?: string | undefined; readonly ResourceId?: string | undefined },
  cx: Cx,
): Ask {
  return input.ResourceType === "Parameter" ? onParameter({ Name: input.ResourceId }, cx) : { resource: "*" };
}

export const ssm = defineService({
  api: "ssm",
  iamPrefix: "ssm",
  state: openSsmState,
  resources,
  operations: { ...read, ...write, ...labels, ...tags },
  authorize: {
    GetParameter: onParameter,
    GetParameters: onParameters,
    GetParametersByPath: ({ Path = "/", Recursive = false }, cx) => ({
      resource: parameterArn(cx.scope, Path),
      context: { "ssm:Recursive": String(Recursive) },
    }),
    GetParameterHistory: onParameter,
    DescribeParameters: (_input, cx) => ({ resource: `arn:aws:ssm:${cx.scope.region}:${cx.scope.account}:*` }),
    PutParameter: (input, cx) => {
      const ask = onParameter(input, cx);
      const { Overwrite = false, Tags = [] } = input;
      const context: Record<string, string | readonly string[]> = {
        ...ask.context,
        "ssm:Overwrite": String(Overwrite),
      };
      for (const { Key = "", Value = "" } of Tags) context[`aws:RequestTag/${Key}`] = Value;
      if (Tags.length > 0) context["aws:TagKeys"] = Tags.map(({ Key = "" }) => Key);
      const put = { resource: ask.resource, context };
      return Tags.length > 0 ? [put, { ...put, action: "ssm:AddTagsToResource" }] : put;
    },
    DeleteParameter: onParameter,
    DeleteParameters: onParameters,
    LabelParameterVersion: onParameter,
    UnlabelParameterVersion: onParameter,
    AddTagsToResource: onTagged,
    RemoveTagsFromResource: onTagged,
    ListTagsForResource: onTagged,
  },
});
