import { resourceError } from "./error.ts";
import type { Made } from "./context.ts";
import { isObject, isTruthy, type Json } from "./json.ts";

const RESERVED = ["lambda:createdBy", "serverlessrepo:applicationId", "serverlessrepo:semanticVersion"];

export function tagList(tags: unknown): Json[] {
  return isObject(tags) ? Object.entries(tags).map(([Key, Value]) => ({ Key, Value: Value ?? "" })) : [];
}

/** The tags of a resource that SAM marks as its own. @throws SamError for a reserved key */
export function samTags(logicalId: string, tags: unknown, more: Json = {}): Json[] {
  const reserved = isObject(tags) ? RESERVED.find((key) => key in tags) : undefined;
  if (reserved !== undefined)
    throw resourceError(
      logicalId,
      `${reserved} is a reserved Tag key name and cannot be set on your resource. Please change the tag key in the input.`,
    );
  return [{ Key: "lambda:createdBy", Value: "SAM" }, ...tagList(more), ...tagList(tags)];
}

/** `PropagateTags`: every made resource that takes tags gets those of the source, in place of its own. */
export function propagateTags(made: readonly Made[], tags: unknown, propagate: unknown): void {
  if (!propagate || !isTruthy(tags)) return;
  for (const one of made) {
    if (one.type.startsWith("AWS::ApiGatewayV2::")) {
      if (one.type !== "AWS::ApiGatewayV2::Api") one.properties["Tags"] = tags;
    } else if (TAGGED.has(one.type)) one.properties["Tags"] = tagList(tags);
  }
}

/** The types that SAM makes and that take tags; those that SAM does not know to take them are left out. */
const TAGGED = new Set([
  "AWS::ApiGateway::ApiKey",
  "AWS::ApiGateway::DomainName",
  "AWS::ApiGateway::RestApi",
  "AWS::ApiGateway::Stage",
  "AWS::ApiGateway::UsagePlan",
  "AWS::CloudFormation::Stack",
  "AWS::DynamoDB::Table",
  "AWS::IAM::Role",
  "AWS::Lambda::Function",
  "AWS::S3::Bucket",
  "AWS::SNS::Topic",
  "AWS::SQS::Queue",
  "AWS::StepFunctions::StateMachine",
]);
