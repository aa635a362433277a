import { Aws, type CfnElement, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import type { Queue } from "aws-cdk-lib/aws-sqs";
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import type { Join } from "../join.ts";
import type { BucketSink, TableSink } from "../sinks.ts";

const RETRY = [
  { ErrorEquals: ["States.ALL"], IntervalSeconds: 1, MaxAttempts: 3, BackoffRate: 2, JitterStrategy: "FULL" },
];

/** JSON as DynamoDB has it: each value under its type. */
const MARSHAL = `$marshal := function($v) {
  $type($v) = 'string' ? {'S': $v} :
  $type($v) = 'number' ? {'N': $string($v)} :
  $type($v) = 'boolean' ? {'BOOL': $v} :
  $type($v) = 'array' ? {'L': [$map($v, function($e) { $marshal($e) })]} :
  $type($v) = 'object' ? {'M': $merge([$map($keys($v), function($k) { {$k: $marshal($lookup($v, $k))} })])} :
  {'NULL': true}
};`;

/**
 * No glue writes items or objects itself: an Express state machine does, by its service integration. What cannot be
 * written ends in the join's dead-letter queue, with the reason.
 */
export function writerFor(join: Join, sink: TableSink | BucketSink, deadLetters: Queue): StateMachine {
  const role = new Role(join, "WriterRole", {
    assumedBy: new ServicePrincipal("states.amazonaws.com", {
      conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
    }),
  });
  const allow = (actions: string[], resources: string[]) =>
    role.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
  const isReplica = sink.kind === "Table" && join.source.kind === "TableChanges" && !join.transforms;
  if (sink.kind === "Table") {
    allow(["dynamodb:PutItem", ...(isReplica ? ["dynamodb:DeleteItem"] : [])], [sink.table.tableArn]);
    sink.table.encryptionKey?.grantEncryptDecrypt(role);
  } else {
    allow(["s3:PutObject"], [`${sink.bucket.bucketArn}/${sink.prefix}*`]);
    sink.bucket.encryptionKey?.grantEncrypt(role);
  }
  allow(["sqs:SendMessage"], [deadLetters.queueArn]);
  const states = isReplica ? replicaStates(sink.table.tableName) : writeStates(sink);
  const writer = new StateMachine(join, "Writer", {
    stateMachineType: StateMachineType.EXPRESS,
    definitionBody: DefinitionBody.fromString(Stack.of(join).toJsonString(definition(states, deadLetters.queueUrl))),
    role,
    tracingEnabled: true,
    logs: {
      destination: new LogGroup(join, "WriterLogs", {
        logGroupName: `/aws/vendedlogs/states/${Stack.of(join).stackName}-${join.node.addr.slice(-8)}`,
        retention: RetentionDays.ONE_MONTH,
        removalPolicy: RemovalPolicy.DESTROY,
      }),
      level: LogLevel.ALL,
      includeExecutionData: false,
    },
  });
  explain(join, sink);
  return writer;
}

interface States {
  readonly StartAt: string;
  readonly States: Readonly<Record<string, object>>;
}

const task = (resource: string, input: object) => ({
  Type: "Task",
  Resource: `arn:aws:states:::${resource}`,
  Arguments: input,
  Retry: RETRY,
  Catch: [
    {
      ErrorEquals: ["States.ALL"],
      Output: "{% {'event': $states.input, 'error': $states.errorOutput} %}",
      Next: "Bury",
    },
  ],
  End: true,
});

function writeStates(sink: TableSink | BucketSink): States {
  const write =
    sink.kind === "Table"
      ? task("dynamodb:putItem", {
          TableName: sink.table.tableName,
          Item: `{% ( ${MARSHAL} $marshal($states.input).M ) %}`,
        })
      : task("aws-sdk:s3:putObject", {
          Bucket: sink.bucket.bucketName,
          Key: `{% '${sink.prefix}' & $substring($states.context.Execution.StartTime, 0, 10) & '/' & $uuid() & '.json' %}`,
          Body: "{% $states.input %}",
          ContentType: "application/json",
        });
  return { StartAt: "Write", States: { Write: write } };
}

/** What changed in one table changes in the other. */
function replicaStates(TableName: string): States {
  return {
    StartAt: "Is it gone",
    States: {
      "Is it gone": {
        Type: "Choice",
        Choices: [{ Condition: "{% $states.input.eventName = 'REMOVE' %}", Next: "Delete" }],
        Default: "Put",
      },
      Put: task("dynamodb:putItem", { TableName, Item: "{% $states.input.dynamodb.NewImage %}" }),
      Delete: task("dynamodb:deleteItem", { TableName, Key: "{% $states.input.dynamodb.Keys %}" }),
    },
  };
}

function definition({ StartAt, States }: States, QueueUrl: string): object {
  const bury = {
    Type: "Task",
    Resource: "arn:aws:states:::sqs:sendMessage",
    Arguments: { QueueUrl, MessageBody: "{% $string($states.input) %}" },
    Retry: RETRY,
    End: true,
  };
  return {
    QueryLanguage: "JSONata",
    Comment: "Writes what a join hands on",
    StartAt: "Each",
    States: {
      Each: {
        Type: "Map",
        Items: "{% $type($states.input) = 'array' ? $states.input : [$states.input] %}",
        MaxConcurrency: 1,
        ItemProcessor: { ProcessorConfig: { Mode: "INLINE" }, StartAt, States: { ...States, Bury: bury } },
        End: true,
      },
    },
  };
}

function explain(join: Join, sink: TableSink | BucketSink): void {
  const star = {
    id: "AwsSolutions-IAM5[Resource::*]",
    reason: "Log delivery and X-Ray know no resource: AWS allows only * for them.",
  };
  Validations.of(join).acknowledge(star);
  if (sink.kind === "Table") return;
  const own = sink.bucket.node.defaultChild as CfnElement | undefined;
  if (!own) return;
  Validations.of(join).acknowledge({
    id: `AwsSolutions-IAM5[Resource::<${Stack.of(join).getLogicalId(own)}.Arn>/${sink.prefix}*]`,
    reason: "Any key below the sink's prefix: each event becomes an object.",
  });
}
