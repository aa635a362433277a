/** What the AWS SDK for Java calls services and errors: Step Functions' error names are made of these. */
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
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
const DENIED = new Set(["AccessDenied", "AccessDeniedException", "AuthorizationError"]);

/**
 * A service's error as a state's.
 * Gap: errors that a service's model does not list are `<Service>.<Service>Exception` at AWS; only access denials are
 * told apart so here.
 */
export function statesError(error: unknown, service: string, optimised: boolean): StatesError {
  if (error instanceof StatesError) return error;
  if (error instanceof NotEmulatedError) return new StatesError("States.Runtime", error.message);
  if (!(error instanceof AwsError)) return new StatesError("States.Runtime", (error as Error).message);
  const prefix = (optimised ? OPTIMISED[service] : PREFIXES[service]) ?? service;
  const plain =
    DENIED.has(error.code) && service !== "dynamodb" && service !== "lambda" ? `${prefix}Exception` : error.code;
  const name = plain.endsWith("Exception") ? plain : `${plain}Exception`;
  const sdk = PREFIXES[service === "events" ? "eventbridge" : service === "states" ? "sfn" : service] ?? prefix;
  const { status = 400 } = error;
  return new StatesError(`${prefix}.${name}`, `${error.message} (Service: ${sdk}, Status Code: ${status})`);
}
