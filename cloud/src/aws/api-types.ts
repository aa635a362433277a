/**
 * The types of the AWS API, taken from the published SDK clients at compile time only. Wire names stay AWS's, from the
 * model to the handler. Services are named as the AWS CLI names them.
 */
import type * as ApiGateway from "@aws-sdk/client-api-gateway";
import type * as ApiGatewayV2 from "@aws-sdk/client-apigatewayv2";
import type * as CloudFormation from "@aws-sdk/client-cloudformation";
import type * as CloudWatch from "@aws-sdk/client-cloudwatch";
import type * as Logs from "@aws-sdk/client-cloudwatch-logs";
import type * as CognitoIdp from "@aws-sdk/client-cognito-identity-provider";
import type * as DynamoDb from "@aws-sdk/client-dynamodb";
import type * as DynamoDbStreams from "@aws-sdk/client-dynamodb-streams";
import type * as Ec2 from "@aws-sdk/client-ec2";
import type * as EventBridge from "@aws-sdk/client-eventbridge";
import type * as Iam from "@aws-sdk/client-iam";
import type * as Kinesis from "@aws-sdk/client-kinesis";
import type * as Kms from "@aws-sdk/client-kms";
import type * as Lambda from "@aws-sdk/client-lambda";
import type * as Pipes from "@aws-sdk/client-pipes";
import type * as S3 from "@aws-sdk/client-s3";
import type * as Scheduler from "@aws-sdk/client-scheduler";
import type * as SecretsManager from "@aws-sdk/client-secrets-manager";
import type * as Ses from "@aws-sdk/client-ses";
import type * as SesV2 from "@aws-sdk/client-sesv2";
import type * as Sfn from "@aws-sdk/client-sfn";
import type * as Sns from "@aws-sdk/client-sns";
import type * as Sqs from "@aws-sdk/client-sqs";
import type * as Ssm from "@aws-sdk/client-ssm";
import type * as Sts from "@aws-sdk/client-sts";

export interface ApiModules {
  apigateway: typeof ApiGateway;
  apigatewayv2: typeof ApiGatewayV2;
  cloudformation: typeof CloudFormation;
  cloudwatch: typeof CloudWatch;
  "cognito-idp": typeof CognitoIdp;
  dynamodb: typeof DynamoDb;
  dynamodbstreams: typeof DynamoDbStreams;
  ec2: typeof Ec2;
  events: typeof EventBridge;
  iam: typeof Iam;
  kinesis: typeof Kinesis;
  kms: typeof Kms;
  lambda: typeof Lambda;
  logs: typeof Logs;
  pipes: typeof Pipes;
  s3: typeof S3;
  scheduler: typeof Scheduler;
  secretsmanager: typeof SecretsManager;
  ses: typeof Ses;
  sesv2: typeof SesV2;
  sns: typeof Sns;
  sqs: typeof Sqs;
  ssm: typeof Ssm;
  stepfunctions: typeof Sfn;
  sts: typeof Sts;
}

export type ApiName = keyof ApiModules;

type CommandName<M> = Exclude<Extract<keyof M, `${string}Command`>, "$Command">;
type CommandOf<M, O extends string> = M extends { [K in `${O}Command`]: new (...args: infer A) => infer C }
  ? [A, C]
  : never;

/** The names of an API's operations, e.g. `"PutItem"`. */
export type OperationName<S extends ApiName> = CommandName<ApiModules[S]> extends `${infer O}Command` ? O : never;

/** What an operation is given, as the SDK types it. */
export type Input<S extends ApiName, O extends OperationName<S>> = CommandOf<ApiModules[S], O>[1] extends {
  input: infer I;
}
  ? I
  : never;

/** What an operation answers, without the client's own `$metadata`. */
export type Output<S extends ApiName, O extends OperationName<S>> = CommandOf<ApiModules[S], O>[1] extends {
  resolveMiddleware(...args: never[]): (...args: never[]) => Promise<{ output: infer R }>;
}
  ? Omit<R, "$metadata">
  : never;
