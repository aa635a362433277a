import type { Made } from "./context.ts";
import { EventError, resourceError } from "./error.ts";
import { expectMap } from "./expect.ts";
import { permission, type FunctionEvent } from "./event-input.ts";
import { conditional, getAtt, isObject, isSame, sub, type Json } from "./json.ts";
import { tagList } from "./tags.ts";

/** `S3`: the bucket of the template gets a notification, after the permission for it. */
export function s3Event(event: FunctionEvent): Made[] {
  const { properties, target, eventId } = event;
  const bucketId = referred(event, properties["Bucket"]);
  if (bucketId === undefined)
    throw new EventError(eventId, "S3 events must reference an S3 bucket in the same template.");
  const bucket = event.context.resources.get(bucketId)!;
  const allowed = permission(event, "s3.amazonaws.com", { SourceAccount: { Ref: "AWS::AccountId" } });
  if (target.condition === undefined) dependOn(bucket, allowed.logicalId, event.logicalId);
  else dependByTag(bucket, allowed.logicalId, target.condition);
  notify(event, bucket, bucketId);
  return [allowed, existing(bucketId, bucket)];
}

function referred({ context }: FunctionEvent, value: unknown): string | undefined {
  const id = isObject(value) ? value["Ref"] : undefined;
  return typeof id === "string" && context.resources.has(id) ? id : undefined;
}

function dependOn(bucket: Json, logicalId: string, eventId: string): void {
  const given = bucket["DependsOn"] ?? [];
  if (typeof given !== "string" && !Array.isArray(given))
    throw resourceError(eventId, "Invalid type for field 'DependsOn'. Expected a string or list of strings.");
  bucket["DependsOn"] = [...new Set([...[given].flat(), logicalId])];
}

/** A condition cannot stand in `DependsOn`: a tag refers to the permission where there is one. */
function dependByTag(bucket: Json, logicalId: string, condition: unknown): void {
  const properties = (bucket["Properties"] ??= {}) as Json;
  const tags = (properties["Tags"] as unknown[] | undefined) ?? [];
  const need = { "Fn::If": [condition, { Ref: logicalId }, "no dependency"] };
  properties["Tags"] = [...tags, ...tagList({ [`sam:ConditionalDependsOn:${logicalId}`]: need })];
}

function notify({ properties, target }: FunctionEvent, bucket: Json, bucketId: string): void {
  const own = expectMap((bucket["Properties"] ??= {}), bucketId, "", "Properties should be a map.");
  const configuration = expectMap((own["NotificationConfiguration"] ??= {}), bucketId, "NotificationConfiguration");
  const list = (configuration["LambdaConfigurations"] ??= []);
  if (!Array.isArray(list)) throw resourceError(bucketId, "Invalid type for LambdaConfigurations. Must be a list.");
  for (const Event of [properties["Events"]].flat()) {
    const Filter = properties["Filter"];
    const mapping = { Function: target.arn, ...(Filter === undefined ? {} : { Filter }), Event };
    const added = target.condition === undefined ? mapping : conditional(target.condition, mapping);
    if (!list.some((one) => isSame(one, added))) list.push(added);
  }
}

function existing(logicalId: string, resource: Json): Made {
  const { Type, Properties, DependsOn, ...attributes } = resource;
  return {
    logicalId,
    type: Type as string,
    properties: (Properties as Json | undefined) ?? {},
    dependsOn: DependsOn,
    attributes,
  };
}

/** `Cognito`: the user pool of the template gets the function for a trigger. */
export function cognitoEvent(event: FunctionEvent): Made[] {
  const { properties, eventId, target } = event;
  const poolId = referred(event, properties["UserPool"]);
  if (poolId === undefined)
    throw new EventError(eventId, "Cognito events must reference a Cognito UserPool in the same template.");
  const pool = event.context.resources.get(poolId)!;
  const config = expectMap(((pool["Properties"] ??= {}) as Json)["LambdaConfig"] ?? {}, poolId, "LambdaConfig");
  (pool["Properties"] as Json)["LambdaConfig"] = config;
  for (const trigger of [properties["Trigger"]].flat() as string[]) {
    if (trigger in config)
      throw new EventError(eventId, `Cognito trigger "${String(properties["Trigger"])}" defined multiple times.`);
    config[trigger] = target.arn;
  }
  const SourceArn = getAtt(poolId, "Arn");
  const id = `${target.logicalId}CognitoPermission`;
  return [permission(event, "cognito-idp.amazonaws.com", { SourceArn }, id), existing(poolId, pool)];
}

/** `CloudWatchLogs`: a subscription filter on the log group. */
export function logsEvent(event: FunctionEvent): Made[] {
  const { properties, target, logicalId } = event;
  const { LogGroupName, FilterPattern } = properties;
  const text = "arn:aws:logs:${AWS::Region}:${AWS::AccountId}:log-group:${__LogGroupName__}:*";
  const SourceArn = sub(text, { __LogGroupName__: LogGroupName });
  const allowed = permission(event, "logs.amazonaws.com", { SourceArn });
  return [
    allowed,
    {
      logicalId,
      type: "AWS::Logs::SubscriptionFilter",
      properties: { LogGroupName, FilterPattern, DestinationArn: target.arn },
      dependsOn: [allowed.logicalId],
      attributes: target.passed,
    },
  ];
}
