import type { Json } from "./json.ts";
import { words } from "./words.ts";

/** A permission between two resources: a policy of a role, of a queue or topic, or a function's permission. */
export interface ConnectorProfile {
  readonly kind: "role" | "queue" | "topic" | "function";
  /** Whether the policy belongs to the source; else to the destination. */
  readonly onSource: boolean;
  /** In the order in which statements are written. `%{Source.Arn}` and the like stand for the resources' attributes. */
  readonly categories: Readonly<Record<string, readonly Json[]>>;
  readonly combinations?: readonly (readonly string[])[];
  readonly neededBy?: "mapping" | "source";
}

const S3_READ = words(
  "s3:GetObject s3:GetObjectAcl s3:GetObjectLegalHold s3:GetObjectRetention s3:GetObjectTorrent " +
    "s3:GetObjectVersion s3:GetObjectVersionAcl s3:GetObjectVersionForReplication " +
    "s3:GetObjectVersionTorrent s3:ListBucket s3:ListBucketMultipartUploads s3:ListBucketVersions " +
    "s3:ListMultipartUploadParts",
);
const S3_WRITE = words(
  "s3:AbortMultipartUpload s3:DeleteObject s3:DeleteObjectVersion s3:PutObject " +
    "s3:PutObjectLegalHold s3:PutObjectRetention s3:RestoreObject",
);
const TABLE_READ = ["GetItem", "Query", "Scan", "BatchGetItem", "ConditionCheckItem", "PartiQLSelect"];
const TABLE_WRITE = words("PutItem UpdateItem DeleteItem BatchWriteItem PartiQLDelete PartiQLInsert PartiQLUpdate");
const DESTINATION = "%{Destination.Arn}";
const EXECUTIONS = "arn:${AWS::Partition}:states:${AWS::Region}:${AWS::AccountId}:execution:%{Destination.Name}:*";
const NESTED_RULE =
  "arn:${AWS::Partition}:events:${AWS::Region}:${AWS::AccountId}:rule/StepFunctionsGetEventsForStepFunctionsExecutionRule";

function allow(Action: readonly string[], ...Resource: string[]): Json {
  return { Effect: "Allow", Action, Resource };
}

function table(actions: readonly string[]): Json[] {
  return [
    allow(
      actions.map((action) => `dynamodb:${action}`),
      DESTINATION,
      `${DESTINATION}/index/*`,
    ),
  ];
}

/** What a role of the source may do with the destination. */
function role(categories: ConnectorProfile["categories"]): ConnectorProfile {
  return { kind: "role", onSource: true, categories };
}

/** A resource policy of the destination, for a service on behalf of the source. */
function resourcePolicy(kind: "queue" | "topic", service: string, action: string): ConnectorProfile {
  const statement = {
    Effect: "Allow",
    Principal: { Service: service },
    Resource: DESTINATION,
    Action: action,
    Condition: { ArnEquals: { "aws:SourceArn": "%{Source.Arn}" } },
  };
  return { kind, onSource: false, categories: { Write: [statement] } };
}

/** What lets a service call the destination, a function, on behalf of the source. */
function invoked(Principal: string, SourceArn = "%{Source.Arn}", more: Json = {}): ConnectorProfile {
  const permission = { Action: "lambda:InvokeFunction", Principal, SourceArn, ...more };
  return { kind: "function", onSource: false, categories: { Write: [permission] } };
}

const API_ARN =
  "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:%{Source.ResourceId}/%{Source.Qualifier}";
const INVOKE = role({ Write: [allow(["lambda:InvokeAsync", "lambda:InvokeFunction"], DESTINATION)] });
const PUBLISH = role({ Write: [allow(["sns:Publish"], DESTINATION)] });
const PUT_EVENTS = role({ Write: [allow(["events:PutEvents"], DESTINATION)] });
const OBJECTS = role({
  Read: [allow(S3_READ, DESTINATION, `${DESTINATION}/*`)],
  Write: [allow(S3_WRITE, DESTINATION, `${DESTINATION}/*`)],
});
const ITEMS = role({ Read: table(TABLE_READ), Write: table(TABLE_WRITE) });

/** Which resources a connector can join, by source and destination ("AWS SAM connector reference"). */
export const CONNECTOR_PROFILES: Readonly<Record<string, Readonly<Record<string, ConnectorProfile>>>> = {
  "AWS::DynamoDB::Table": {
    "AWS::Lambda::Function": {
      kind: "role",
      onSource: false,
      neededBy: "mapping",
      categories: {
        Read: [
          allow(
            ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"].map((name) => `dynamodb:${name}`),
            "%{Source.Arn}/stream/*",
          ),
        ],
      },
    },
  },
  "AWS::Events::Rule": {
    "AWS::SNS::Topic": resourcePolicy("topic", "events.amazonaws.com", "sns:Publish"),
    "AWS::Events::EventBus": PUT_EVENTS,
    "AWS::StepFunctions::StateMachine": role({ Write: [allow(["states:StartExecution"], DESTINATION)] }),
    "AWS::Lambda::Function": invoked("events.amazonaws.com"),
    "AWS::SQS::Queue": resourcePolicy("queue", "events.amazonaws.com", "sqs:SendMessage"),
  },
  "AWS::Lambda::Function": {
    "AWS::Lambda::Function": INVOKE,
    "AWS::S3::Bucket": OBJECTS,
    "AWS::DynamoDB::Table": ITEMS,
    "AWS::SQS::Queue": role({
      Read: [allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], DESTINATION)],
      Write: [
        allow(["sqs:DeleteMessage", "sqs:SendMessage", "sqs:ChangeMessageVisibility", "sqs:PurgeQueue"], DESTINATION),
      ],
    }),
    "AWS::SNS::Topic": PUBLISH,
    "AWS::StepFunctions::StateMachine": role({
      Write: [
        allow(["states:StartExecution", "states:StartSyncExecution"], DESTINATION),
        allow(["states:StopExecution"], EXECUTIONS),
      ],
      Read: [
        allow(["states:DescribeStateMachine", "states:ListExecutions"], DESTINATION),
        allow(
          ["states:DescribeExecution", "states:DescribeStateMachineForExecution", "states:GetExecutionHistory"],
          EXECUTIONS,
        ),
      ],
    }),
    "AWS::Events::EventBus": PUT_EVENTS,
  },
  "AWS::ApiGatewayV2::Api": { "AWS::Lambda::Function": invoked("apigateway.amazonaws.com", API_ARN) },
  "AWS::ApiGateway::RestApi": { "AWS::Lambda::Function": invoked("apigateway.amazonaws.com", API_ARN) },
  "AWS::SNS::Topic": {
    "AWS::SQS::Queue": resourcePolicy("queue", "sns.amazonaws.com", "sqs:SendMessage"),
    "AWS::Lambda::Function": invoked("sns.amazonaws.com"),
  },
  "AWS::SQS::Queue": {
    "AWS::Lambda::Function": {
      kind: "role",
      onSource: false,
      neededBy: "mapping",
      combinations: [["Read", "Write"]],
      categories: {
        Write: [allow(["sqs:DeleteMessage"], "%{Source.Arn}")],
        Read: [allow(["sqs:ReceiveMessage", "sqs:GetQueueAttributes"], "%{Source.Arn}")],
      },
    },
  },
  "AWS::S3::Bucket": {
    "AWS::Lambda::Function": invoked("s3.amazonaws.com", "%{Source.Arn}", { SourceAccount: "${AWS::AccountId}" }),
  },
  "AWS::StepFunctions::StateMachine": {
    "AWS::Lambda::Function": INVOKE,
    "AWS::SNS::Topic": PUBLISH,
    "AWS::SQS::Queue": role({ Write: [allow(["sqs:SendMessage"], DESTINATION)] }),
    "AWS::S3::Bucket": OBJECTS,
    "AWS::DynamoDB::Table": ITEMS,
    "AWS::StepFunctions::StateMachine": {
      kind: "role",
      onSource: true,
      neededBy: "source",
      combinations: [["Read"], ["Read", "Write"]],
      categories: {
        Read: [allow(["states:DescribeExecution"], EXECUTIONS), allow(["events:DescribeRule"], NESTED_RULE)],
        Write: [
          allow(["states:StartExecution"], DESTINATION),
          allow(["states:StopExecution"], EXECUTIONS),
          allow(["events:PutTargets", "events:PutRule"], NESTED_RULE),
        ],
      },
    },
    "AWS::Events::EventBus": PUT_EVENTS,
  },
};
