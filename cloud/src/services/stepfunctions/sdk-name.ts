/** What the AWS SDK for Java calls services and errors: Step Functions' error names are made of these. */
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { findSdkApi } from "../../wire/sdk-integration.ts";
import { StatesError } from "../../engines/asl/error.ts";

const PREFIXES: Readonly<Record<string, string>> = {
  apigateway: "ApiGateway",
  apigatewayv2: "ApiGatewayV2",
  cloudformation: "CloudFormation",
  cloudwatch: "CloudWatch",
  cloudwatchlogs: "CloudWatchLogs",
  cognitoidentityprovider: "CognitoIdentityProvider",
  dynamodb: "DynamoDb",
  dynamodbstreams: "DynamoDbStreams",
  ec2: "Ec2",
  eventbridge: "EventBridge",
  iam: "Iam",
  kinesis: "Kinesis",
  kms: "Kms",
  lambda: "Lambda",
  pipes: "Pipes",
  s3: "S3",
  scheduler: "Scheduler",
  secretsmanager: "SecretsManager",
  ses: "Ses",
  sesv2: "SesV2",
  sfn: "Sfn",
  sns: "Sns",
  sqs: "Sqs",
  ssm: "Ssm",
  sts: "Sts",
};
/** AWS: optimised integrations name theirs differently. */
const OPTIMISED: Readonly<Record<string, string>> = {
  dynamodb: "DynamoDB",
  events: "EventBridge",
  lambda: "Lambda",
  sns: "SNS",
  sqs: "SQS",
  states: "StepFunctions",
};
/** AWS: what a service's model does not list is named so by the older SDK that optimised integrations use. */
const UNLISTED: Readonly<Record<string, string>> = {
  dynamodb: "AmazonDynamoDBException",
  events: "AmazonEventBridgeException",
  lambda: "AWSLambdaException",
  sns: "AmazonSNSException",
  sqs: "AmazonSQSException",
  states: "AWSStepFunctionsException",
};
const SDK_IDS: Readonly<Record<string, string>> = { events: "eventbridge", states: "sfn" };

/**
 * A service's error as a state's: by its name in the service's model with `Exception` behind it, and what the model does not
 * list by the service's own exception.
 * Source: "Handling errors in Step Functions workflows", and the names of the AWS SDK for Java.
 */
export function statesError(error: unknown, service: string, optimised: boolean): StatesError {
  if (error instanceof StatesError) return error;
  if (error instanceof NotEmulatedError) return new StatesError("States.Runtime", error.message);
  if (!(error instanceof AwsError)) return new StatesError("States.Runtime", (error as Error).message);
  const id = SDK_IDS[service] ?? service;
  const sdk = PREFIXES[id] ?? service;
  const prefix = optimised ? (OPTIMISED[service] ?? sdk) : sdk;
  const listed = findSdkApi(id)?.findError(error.code)?.name;
  const plain = listed ?? ((optimised && UNLISTED[service]) || `${sdk}Exception`);
  const name = plain.endsWith("Exception") ? plain : `${plain}Exception`;
  const { status = 400 } = error;
  return new StatesError(`${prefix}.${name}`, `${error.message} (Service: ${sdk}, Status Code: ${status})`);
}
