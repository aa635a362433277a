import { Aws, Duration, RemovalPolicy, Stack, Validations } from "aws-cdk-lib";
import {
  AccessLogFormat,
  AwsIntegration,
  EndpointType,
  type IResource,
  JsonSchemaType,
  type JsonSchema,
  LogGroupLogDestination,
  MethodLoggingLevel,
  Model,
  PassthroughBehavior,
  RequestValidator,
  ResponseType,
  RestApi,
} from "aws-cdk-lib/aws-apigateway";
import { type Alarm, ComparisonOperator, type Metric, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import {
  Effect,
  type PolicyStatement,
  PolicyDocument,
  PolicyStatement as Statement,
  Role,
  ServicePrincipal,
} from "aws-cdk-lib/aws-iam";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { DefinitionBody, LogLevel, StateMachine, StateMachineType } from "aws-cdk-lib/aws-stepfunctions";
import { Construct } from "constructs";
import { throwIfInvalid } from "../validation.ts";
import { requestTemplate, responseTemplate } from "./template.ts";

export interface FlowRoute {
  /**
   * The flow in Amazon States Language; may hold tokens. Its input is `{ path, query, body, requestId }`, its output the
   * answer's body.
   */
  readonly definition: object;
  /** What the flow's tasks may do. @default - nothing */
  readonly allow?: readonly PolicyStatement[];
  /** Schema of the body, checked before anything starts. @default - no body */
  readonly body?: JsonSchema;
  /** Query parameters that the flow reads; "!" behind a name: it must be there. @default - none */
  readonly query?: readonly string[];
  /** Error name of the flow → HTTP status. @default - 502, and 504 where the flow runs out of time */
  readonly statuses?: Readonly<Record<string, number>>;
}

export interface FlowApiProps {
  /** Method and path → flow, e.g. `{ "GET /products/{id}": { definition: … } }`. */
  readonly routes: Readonly<Record<string, FlowRoute>>;
  /** How long a flow may take. @default Duration.seconds(25); API Gateway itself answers 504 after 29 seconds */
  readonly timeout?: Duration;
  /** Calls per second that the API takes before it answers 429. @default 100 */
  readonly rateLimit?: number;
  /** Calls that may come at once above the rate. @default 200 */
  readonly burstLimit?: number;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

const ROUTE = /^(DELETE|GET|HEAD|PATCH|POST|PUT) (\/.*)$/;
const GATEWAY_SECONDS = 29;

/**
 * Shape 1.4 `flow-api`: API Gateway → Step Functions (Express, synchronous) → functions, tables and HTTP APIs.
 * For pages that are put together from several sources, and for writes that must all happen or be undone.
 *
 * ```ts
 * new FlowApi(this, "Shop", { routes: { "GET /products/{id}": { definition: productPage } } });
 * ```
 */
export class FlowApi extends Construct {
  readonly api: RestApi;
  /** By route. */
  readonly flows: Readonly<Record<string, StateMachine>>;
  readonly executionLogs: LogGroup;
  readonly accessLogs: LogGroup;
  readonly serverErrorsAlarm: Alarm;
  /** By route: raised when a flow fails or runs out of time. */
  readonly flowAlarms: Readonly<Record<string, Alarm>>;

  constructor(scope: Construct, id: string, props: FlowApiProps) {
    super(scope, id);
    validate(this, props);
    this.executionLogs = this.createLogs("ExecutionLogs", props, "states");
    this.accessLogs = this.createLogs("AccessLogs", props, "apis");
    this.api = this.createApi(props);
    const validator = new RequestValidator(this, "Validator", {
      restApi: this.api,
      validateRequestBody: true,
      validateRequestParameters: true,
    });
    const flows: Record<string, StateMachine> = {};
    const alarms: Record<string, Alarm> = {};
    for (const [key, route] of Object.entries(props.routes)) {
      const flow = this.createFlow(key, route, props);
      flows[key] = flow;
      alarms[key] = this.createAlarm(`${idOf(key)}Failed`, flow.metricTimedOut(), `${key} ran out of time`);
      this.addRoute(key, route, flow, validator);
    }
    this.flows = flows;
    this.flowAlarms = alarms;
    this.serverErrorsAlarm = this.createAlarm("ServerErrors", this.api.metricServerError(), "answered server errors");
    this.explain();
  }

  /** Address of the API, with a slash at the end. */
  get url(): string {
    return this.api.url;
  }

  private createLogs(id: string, { logRetention }: FlowApiProps, kind: string): LogGroup {
    return new LogGroup(this, id, {
      logGroupName: `/aws/vendedlogs/${kind}/${Stack.of(this).stackName}-${this.node.addr.slice(-8)}`,
      retention: logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
  }

  private createApi(props: FlowApiProps): RestApi {
    const api = new RestApi(this, "Api", {
      endpointTypes: [EndpointType.REGIONAL],
      // AWS: access logs of REST APIs need the account's role for logs.
      cloudWatchRole: true,
      deployOptions: {
        stageName: "live",
        tracingEnabled: true,
        loggingLevel: MethodLoggingLevel.OFF,
        throttlingRateLimit: props.rateLimit ?? 100,
        throttlingBurstLimit: props.burstLimit ?? 200,
        accessLogDestination: new LogGroupLogDestination(this.accessLogs),
        accessLogFormat: AccessLogFormat.jsonWithStandardFields(),
      },
    });
    api.addGatewayResponse("BadBody", {
      type: ResponseType.BAD_REQUEST_BODY,
      statusCode: "400",
      responseHeaders: {
        "Content-Type": "'application/problem+json'",
        // In a header: it holds quotes, which a gateway response cannot escape.
        "X-Validation-Error": "context.error.validationErrorString",
      },
      templates: {
        "application/json": '{"title":"Invalid request","status":400,"detail":$context.error.messageString}',
      },
    });
    return api;
  }

  private createFlow(key: string, route: FlowRoute, props: FlowApiProps): StateMachine {
    const flow = new StateMachine(this, `${idOf(key)}Flow`, {
      stateMachineType: StateMachineType.EXPRESS,
      definitionBody: DefinitionBody.fromString(Stack.of(this).toJsonString(route.definition)),
      timeout: props.timeout ?? Duration.seconds(25),
      tracingEnabled: true,
      logs: { destination: this.executionLogs, level: LogLevel.ALL, includeExecutionData: true },
    });
    for (const statement of route.allow ?? []) flow.addToRolePolicy(statement);
    return flow;
  }

  private addRoute(key: string, route: FlowRoute, flow: StateMachine, validator: RequestValidator): void {
    const [, method = "", path = ""] = ROUTE.exec(key)!;
    const resource: IResource = this.api.root.resourceForPath(path);
    const pathNames = [...path.matchAll(/\{([^}+]+)\+?\}/g)].map(([, name]) => name!);
    const query = (route.query ?? []).map((name) => ({ name: name.replace(/!$/, ""), required: name.endsWith("!") }));
    const role = new Role(this, `${idOf(key)}Caller`, {
      assumedBy: new ServicePrincipal("apigateway.amazonaws.com", {
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
      inlinePolicies: {
        StartFlow: new PolicyDocument({
          statements: [
            new Statement({
              effect: Effect.ALLOW,
              actions: ["states:StartSyncExecution"],
              resources: [flow.stateMachineArn],
            }),
          ],
        }),
      },
    });
    const integration = new AwsIntegration({
      service: "states",
      action: "StartSyncExecution",
      options: {
        credentialsRole: role,
        passthroughBehavior: PassthroughBehavior.NEVER,
        timeout: Duration.seconds(GATEWAY_SECONDS),
        requestTemplates: {
          "application/json": requestTemplate(flow.stateMachineArn, {
            path: pathNames,
            query: query.map(({ name }) => name),
            hasBody: route.body !== undefined,
          }),
        },
        integrationResponses: [
          {
            statusCode: "200",
            responseTemplates: { "application/json": responseTemplate(route.statuses ?? {}) },
          },
          {
            statusCode: "500",
            selectionPattern: "[45]\\d{2}",
            responseTemplates: { "application/json": '{"title":"The flow could not be started","status":500}' },
          },
        ],
      },
    });
    const made = resource.addMethod(method, integration, {
      requestValidator: validator,
      ...(route.body ? { requestModels: { "application/json": this.createModel(key, route.body) } } : {}),
      requestParameters: Object.fromEntries(
        query.map(({ name, required }) => [`method.request.querystring.${name}`, required]),
      ),
      methodResponses: [{ statusCode: "200" }, { statusCode: "500" }],
    });
    const reason = "A public page by choice: the caller of the shape adds an authorizer with addMethod's options.";
    Validations.of(made).acknowledge({ id: "AwsSolutions-APIG4", reason }, { id: "AwsSolutions-COG4", reason });
  }

  private createModel(key: string, schema: JsonSchema): Model {
    return new Model(this, `${idOf(key)}Body`, {
      restApi: this.api,
      contentType: "application/json",
      schema: { type: JsonSchemaType.OBJECT, ...schema },
    });
  }

  private createAlarm(id: string, metric: Metric, what: string): Alarm {
    return metric.with({ period: Duration.minutes(1), statistic: "Sum" }).createAlarm(this, id, {
      alarmDescription: `${this.node.path}: ${what}`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }

  private explain(): void {
    Validations.of(this).acknowledge({
      id: "AwsSolutions-IAM5[Resource::*]",
      reason: "Log delivery and X-Ray know no resource: AWS allows only * for them.",
    });
    Validations.of(this.api).acknowledge(
      {
        id: "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
        reason: "AWS's own policy for API Gateway's log role: one an account and Region, not one an API.",
      },
      { id: "AwsSolutions-APIG2", reason: "Each method has the validator; none is left to the default." },
      { id: "AwsSolutions-APIG3", reason: "A web ACL belongs to the application, which knows who may call it." },
      {
        id: "AwsSolutions-APIG6",
        reason: "The access log and each flow's own log tell every call; method logs repeat it.",
      },
    );
  }
}

function validate(scope: Construct, props: FlowApiProps): void {
  const keys = Object.keys(props.routes);
  const seconds = props.timeout?.toSeconds() ?? 1;
  throwIfInvalid(scope, [
    [keys.length === 0, 'routes is empty: give at least one, e.g. { "GET /products/{id}": { definition } }'],
    ...keys.map((key): [boolean, string] => [
      !ROUTE.test(key),
      `routes has the key "${key}"; allowed: a method, a space and a path that begins with /`,
    ]),
    [seconds < 1 || seconds > GATEWAY_SECONDS, `timeout is ${seconds} s; allowed: 1 to ${GATEWAY_SECONDS} s`],
    [(props.rateLimit ?? 1) <= 0, `rateLimit is ${props.rateLimit}; allowed: above 0`],
    [(props.burstLimit ?? 1) <= 0, `burstLimit is ${props.burstLimit}; allowed: above 0`],
  ]);
}

/** `GET /products/{id}` → `GetProductsId`: readable logical ids. */
function idOf(key: string): string {
  return key
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + (word === word.toUpperCase() ? word.slice(1).toLowerCase() : word.slice(1)))
    .join("");
}
