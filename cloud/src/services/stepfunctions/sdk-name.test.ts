import { expect, it } from "vitest";
import { AwsError } from "../../aws/error.ts";
import { knownServices } from "../../wire/model.ts";
import { findSdkApi } from "../../wire/sdk-integration.ts";
import { statesError } from "./sdk-name.ts";

const nameOf = (service: string, code: string, optimised = false) =>
  statesError(new AwsError(code, "words"), service, optimised).error;

it("names errors by the service's model, as the SDK for Java does", () => {
  expect(nameOf("dynamodb", "ConditionalCheckFailedException")).toBe("DynamoDb.ConditionalCheckFailedException");
  expect(nameOf("dynamodb", "ConditionalCheckFailedException", true)).toBe("DynamoDB.ConditionalCheckFailedException");
  expect(nameOf("s3", "NoSuchKey")).toBe("S3.NoSuchKeyException");
  expect(nameOf("sfn", "ExecutionDoesNotExist")).toBe("Sfn.ExecutionDoesNotExistException");
  expect(nameOf("sqs", "AWS.SimpleQueueService.NonExistentQueue")).toBe("Sqs.QueueDoesNotExistException");
  expect(nameOf("cloudwatchlogs", "ResourceNotFoundException")).toBe("CloudWatchLogs.ResourceNotFoundException");
});

it("names what the model does not list by the service's own exception", () => {
  expect(nameOf("dynamodb", "ValidationException")).toBe("DynamoDb.DynamoDbException");
  expect(nameOf("dynamodb", "ValidationException", true)).toBe("DynamoDB.AmazonDynamoDBException");
  expect(nameOf("lambda", "AccessDeniedException", true)).toBe("Lambda.AWSLambdaException");
  expect(nameOf("s3", "SlowDown")).toBe("S3.S3Exception");
});

it("knows a name for every service that there is", () => {
  const sdkIds: Record<string, string> = {
    "cognito-idp": "cognitoidentityprovider",
    events: "eventbridge",
    logs: "cloudwatchlogs",
    stepfunctions: "sfn",
  };
  const ids = knownServices()
    .map(({ name }) => sdkIds[name] ?? name)
    .filter((id) => findSdkApi(id));
  expect(ids.length).toBeGreaterThan(15);
  for (const id of ids)
    expect(nameOf(id, "SomethingElse"), id).toMatch(/^[A-Z][A-Za-z0-9]+\.[A-Z][A-Za-z0-9]+Exception$/);
});
