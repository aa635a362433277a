/** Resource types that are drawn, and as what. The rest (roles, permissions, log groups, alarms …) are what holds them together. */
export const KINDS: Readonly<Record<string, string>> = {
  "AWS::ApiGateway::RestApi": "rest-api",
  "AWS::ApiGatewayV2::Api": "http-api",
  "AWS::Cognito::UserPool": "user-pool",
  "AWS::DynamoDB::GlobalTable": "table",
  "AWS::DynamoDB::Table": "table",
  "AWS::Events::EventBus": "bus",
  "AWS::Events::Rule": "rule",
  "AWS::Lambda::Function": "function",
  "AWS::Pipes::Pipe": "pipe",
  "AWS::S3::Bucket": "bucket",
  "AWS::SNS::Topic": "topic",
  "AWS::SQS::Queue": "queue",
  "AWS::Scheduler::Schedule": "schedule",
  "AWS::SecretsManager::Secret": "secret",
  "AWS::Serverless::Function": "function",
  "AWS::StepFunctions::StateMachine": "workflow",
};

interface Place {
  readonly region: string;
  readonly account: string;
}

type ArnOf = (physicalId: string, place: Place) => string;

const ARNS: Readonly<Record<string, ArnOf>> = {
  "rest-api": (id, { region, account }) => `arn:aws:execute-api:${region}:${account}:${id}`,
  "http-api": (id, { region, account }) => `arn:aws:execute-api:${region}:${account}:${id}`,
  "user-pool": (id, { region, account }) => `arn:aws:cognito-idp:${region}:${account}:userpool/${id}`,
  table: (id, { region, account }) => `arn:aws:dynamodb:${region}:${account}:table/${id}`,
  bus: (id, { region, account }) => `arn:aws:events:${region}:${account}:event-bus/${id}`,
  rule: (id, { region, account }) => `arn:aws:events:${region}:${account}:rule/${id.replace("|", "/")}`,
  function: (id, { region, account }) => `arn:aws:lambda:${region}:${account}:function:${id}`,
  pipe: (id, { region, account }) => `arn:aws:pipes:${region}:${account}:pipe/${id}`,
  bucket: (id) => `arn:aws:s3:::${id}`,
  queue: (id, { region, account }) => `arn:aws:sqs:${region}:${account}:${id.split("/").at(-1)}`,
  schedule: (id, { region, account }) =>
    `arn:aws:scheduler:${region}:${account}:schedule/${id.includes("/") ? id : `default/${id}`}`,
};

/** ARN of a drawn resource, by its physical id. */
export function arnOf(kind: string, physicalId: string, place: Place): string {
  if (physicalId.startsWith("arn:")) return physicalId;
  return ARNS[kind]?.(physicalId, place) ?? physicalId;
}
