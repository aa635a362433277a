import { Aws, type CfnElement, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { EmailIdentity, Identity } from "aws-cdk-lib/aws-ses";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { packagePath } from "../package-path.ts";
import { WorkflowSink } from "../ports/sinks.ts";
import { ExecutionEnded } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";
import { WebBackend } from "../web-backend/construct.ts";
import { approvalFlow } from "./flow.ts";

export interface ApprovalLevel {
  /** As it stands in mails and the audit trail, e.g. `manager`. */
  readonly name: string;
  readonly approver: string;
  /** Who is asked when the approver does not answer in time. */
  readonly escalateTo: string;
  /** Smallest amount that needs this level. @default 0: every request */
  readonly fromAmount?: number;
}

export interface ApprovalWorkflowProps {
  /** Who decides, one after the other. */
  readonly levels: readonly ApprovalLevel[];
  /** Address that the mails come from; it is set up as an identity of SES. */
  readonly sender: string;
  /** How long an approver has. @default Duration.days(3) */
  readonly deadline?: Duration;
  /** A page with a button behind each link, for mail systems that open links by themselves. @default false */
  readonly confirms?: boolean;
  /** What becomes of the table when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

const handler = (name: string) => packagePath(`approval-workflow/handlers/${name}.ts`);
const RETRIED = Duration.seconds(30);

/**
 * Shape 4.3 `approval-workflow`: Step Functions with task tokens → mail with links → API → the decision.
 * For expenses, contracts, leave: whatever people have to agree to, one after the other and in time.
 *
 * ```ts
 * new ApprovalWorkflow(this, "Expenses", { sender: "approvals@example.com", levels: [{ name: "manager", … }] });
 * ```
 */
export class ApprovalWorkflow extends Construct {
  /** API and table: requests, steps and the audit trail. */
  readonly backend: WebBackend;
  readonly identity: EmailIdentity;
  /** Sends the mail with the links. */
  readonly ask: ShapeFunction;
  /** Notes the end and tells the requester. */
  readonly finish: ShapeFunction;
  readonly stateMachine: StateMachine;
  readonly executionLogs: LogGroup;
  readonly failedAlarm: Alarm;
  /** Source: each request that came to its end; its output says `id` and `outcome`. */
  readonly ended: ExecutionEnded;
  /** Sink: what is joined is a request: `{ id, requester, title, amount }`. */
  readonly requests: WorkflowSink;

  constructor(scope: Construct, id: string, props: ApprovalWorkflowProps) {
    super(scope, id);
    validate(this, props);
    this.identity = new EmailIdentity(this, "Sender", { identity: Identity.email(props.sender) });
    this.backend = new WebBackend(this, "Requests", {
      routes: {
        "POST /requests": { entry: handler("submit"), access: "write" },
        "GET /requests/{id}": handler("show"),
        "GET /decisions/{id}/{step}": {
          entry: handler("decide"),
          access: "readWrite",
          environment: { CONFIRMS: String(props.confirms ?? false) },
        },
        "POST /decisions/{id}/{step}": { entry: handler("decide"), access: "readWrite" },
      },
      sortKey: "entry",
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    this.ask = this.createTask("Ask", "ask", props);
    this.finish = this.createTask("Finish", "finish", props);
    this.executionLogs = new LogGroup(this, "ExecutionLogs", {
      logGroupName: `/aws/vendedlogs/states/${Stack.of(this).stackName}-${this.node.addr.slice(-8)}`,
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stateMachine = this.createStateMachine(props);
    this.connect();
    this.ended = new ExecutionEnded(this.stateMachine);
    this.requests = new WorkflowSink(this.stateMachine);
    this.failedAlarm = this.stateMachine.metricFailed({ period: Duration.minutes(1) }).createAlarm(this, "Failed", {
      alarmDescription: `${this.node.path}: a request got stuck`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
    this.explain();
  }

  /** Address of the API, with a slash at the end. */
  get url(): string {
    return this.backend.url;
  }

  private createTask(id: string, name: string, props: ApprovalWorkflowProps): ShapeFunction {
    const made = new ShapeFunction(this, id, {
      entry: handler(name),
      timeout: RETRIED,
      environment: { TABLE_NAME: this.backend.table.tableName, SENDER: props.sender, API_URL: this.backend.url },
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    made.allow(["dynamodb:PutItem", "dynamodb:UpdateItem"], [this.backend.table.tableArn]);
    made.allow(["ses:SendEmail"], [this.identity.emailIdentityArn]);
    return made;
  }

  private createStateMachine(props: ApprovalWorkflowProps): StateMachine {
    const machine = new StateMachine(this, "StateMachine", {
      definitionBody: DefinitionBody.fromString(
        Stack.of(this).toJsonString(
          approvalFlow({
            askArn: this.ask.function.functionArn,
            tableName: this.backend.table.tableName,
            finishArn: this.finish.function.functionArn,
            deadlineSeconds: (props.deadline ?? Duration.days(3)).toSeconds(),
            levels: props.levels,
          }),
        ),
      ),
      role: new Role(this, "Role", {
        assumedBy: new ServicePrincipal("states.amazonaws.com", {
          conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
        }),
      }),
      tracingEnabled: true,
      logs: { destination: this.executionLogs, level: LogLevel.ALL, includeExecutionData: false },
    });
    machine.addToRolePolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: ["dynamodb:PutItem"],
        resources: [this.backend.table.tableArn],
      }),
    );
    this.ask.function.grantInvoke(machine);
    this.finish.function.grantInvoke(machine);
    return machine;
  }

  /** The API starts requests and answers for their tasks. */
  private connect(): void {
    const { functions } = this.backend;
    const submit = functions["POST /requests"]!;
    submit.function.addEnvironment("STATE_MACHINE_ARN", this.stateMachine.stateMachineArn);
    submit.allow(["states:StartExecution"], [this.stateMachine.stateMachineArn]);
    for (const method of ["GET", "POST"])
      functions[`${method} /decisions/{id}/{step}`]!.allow(
        ["states:SendTaskSuccess", "states:SendTaskFailure"],
        [this.stateMachine.stateMachineArn],
      );
  }

  private explain(): void {
    const name = (of: Construct) => Stack.of(this).getLogicalId(of.node.defaultChild as CfnElement);
    Validations.of(this).acknowledge(
      {
        id: "AwsSolutions-IAM5[Resource::*]",
        reason: "Log delivery and X-Ray know no resource: AWS allows only * for them.",
      },
      ...[this.ask, this.finish].map((each) => ({
        id: `AwsSolutions-IAM5[Resource::<${name(each.function)}.Arn>:*]`,
        reason: "Versions and aliases of the one function.",
      })),
    );
  }
}

function validate(scope: Construct, props: ApprovalWorkflowProps): void {
  const { levels, deadline = Duration.days(3), sender } = props;
  const isAddress = (text: string) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text);
  throwIfInvalid(scope, [
    [levels.length === 0, "levels is empty: name at least one approver"],
    ...levels.flatMap(({ name, approver, escalateTo }): [boolean, string][] => [
      [!isAddress(approver), `the approver of ${name} is "${approver}"; allowed: a mail address`],
      [!isAddress(escalateTo), `escalateTo of ${name} is "${escalateTo}"; allowed: a mail address`],
    ]),
    [!isAddress(sender), `sender is "${sender}"; allowed: a mail address`],
    [deadline.toSeconds() < 60, `deadline is ${deadline.toSeconds()} s; allowed: a minute or more`],
  ]);
}
