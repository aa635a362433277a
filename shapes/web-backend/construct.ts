import { type Duration, RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  CorsHttpMethod,
  HttpApi,
  type HttpMethod,
  HttpRoute,
  HttpRouteKey,
  HttpStage,
  type IHttpRouteAuthorizer,
  LogGroupLogDestination,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpJwtAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import type { IUserPool, IUserPoolClient } from "aws-cdk-lib/aws-cognito";
import {
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { ShapeFunction } from "../function.ts";
import { TableSink } from "../ports/sinks.ts";
import { TableChanges } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";

export interface WebBackendRoute {
  /** Path of the file that exports `handler`. */
  readonly entry: string;
  /** What the handler may do with the table. @default "read" for GET, "readWrite" for all others */
  readonly access?: "none" | "read" | "write" | "readWrite";
  /** @default Duration.seconds(10); API Gateway itself answers 503 after 30 seconds */
  readonly timeout?: Duration;
  /** In MB. @default 512 */
  readonly memorySize?: number;
  /** @default - what the shape gives every handler: TABLE_NAME and the index names */
  readonly environment?: Readonly<Record<string, string>>;
}

export interface WebBackendIndex {
  /** Name of the index, e.g. `byStatus`. */
  readonly name: string;
  /** Attribute that is looked up. */
  readonly partitionKey: string;
  /** Attribute that orders what is found. @default - no order */
  readonly sortKey?: string;
}

export interface WebBackendJwt {
  /** The `iss` of the tokens: an https URL under which `/.well-known/openid-configuration` is found. */
  readonly issuer: string;
  /** Accepted `aud` (or `client_id`) values. */
  readonly audience: readonly string[];
}

export interface WebBackendProps {
  /**
   * Route key → handler, e.g. `{ "POST /orders": "handlers/create-order.ts", "GET /orders/{id}": { entry: … } }`.
   * `ANY`, `{proxy+}` and `$default` as API Gateway has them.
   */
  readonly routes: Readonly<Record<string, string | WebBackendRoute>>;
  /** Attribute that identifies an item. @default "id" */
  readonly partitionKey?: string;
  /** @default - one item per partition key */
  readonly sortKey?: string;
  /** @default - none */
  readonly indexes?: readonly WebBackendIndex[];
  /** Attribute with the time (seconds since 1970) after which an item goes. @default - items stay */
  readonly timeToLiveAttribute?: string;
  /** Origins that browsers may call from, e.g. `https://shop.example.com`. @default - none: no CORS */
  readonly corsOrigins?: readonly string[];
  /** Calls per second that the API takes before it answers 429. @default 100 */
  readonly rateLimit?: number;
  /** Calls that may come at once above the rate. @default 200 */
  readonly burstLimit?: number;
  /** Tokens that callers must show: those of a Cognito user pool, or of any issuer. @default - no authorizer */
  readonly jwt?: WebBackendJwt;
  readonly userPool?: { readonly pool: IUserPool; readonly clients: readonly IUserPoolClient[] };
  /** What becomes of the table when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

const METHODS = ["ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"];

/**
 * Shape 1.1 `web-backend`: HTTP API → Lambda → DynamoDB.
 * For order forms, surveys, simple search, casual games.
 *
 * ```ts
 * new WebBackend(this, "Orders", { routes: { "POST /orders": "handlers/create-order.ts" } });
 * ```
 */
export class WebBackend extends Construct {
  readonly api: HttpApi;
  readonly stage: HttpStage;
  readonly table: Table;
  /** By route key. */
  readonly functions: Readonly<Record<string, ShapeFunction>>;
  readonly accessLogs: LogGroup;
  readonly serverErrorsAlarm: Alarm;
  /** Source: each change of an item. */
  readonly tableChanges: TableChanges;
  /** Sink: what is joined is written as an item. */
  readonly tableItems: TableSink;

  constructor(scope: Construct, id: string, props: WebBackendProps) {
    super(scope, id);
    validate(this, props);
    this.table = this.createTable(props);
    this.tableChanges = new TableChanges(this.table);
    this.tableItems = new TableSink(this.table);
    this.api = new HttpApi(this, "Api", { createDefaultStage: false, ...corsOf(props) });
    this.accessLogs = new LogGroup(this, "AccessLogs", {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      removalPolicy: RemovalPolicy.DESTROY,
    });
    this.stage = this.createStage(props);
    this.functions = this.createRoutes(props);
    this.serverErrorsAlarm = this.createAlarm();
  }

  /** Address of the API, with a slash at the end. */
  get url(): string {
    return this.stage.url;
  }

  private createTable(props: WebBackendProps): Table {
    const text = (name: string) => ({ name, type: AttributeType.STRING });
    const table = new Table(this, "Table", {
      partitionKey: text(props.partitionKey ?? "id"),
      ...(props.sortKey === undefined ? {} : { sortKey: text(props.sortKey) }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.DEFAULT,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      stream: StreamViewType.NEW_AND_OLD_IMAGES,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN,
      ...(props.timeToLiveAttribute === undefined ? {} : { timeToLiveAttribute: props.timeToLiveAttribute }),
    });
    for (const index of props.indexes ?? [])
      table.addGlobalSecondaryIndex({
        indexName: index.name,
        partitionKey: text(index.partitionKey),
        ...(index.sortKey === undefined ? {} : { sortKey: text(index.sortKey) }),
        projectionType: ProjectionType.ALL,
      });
    return table;
  }

  private createStage(props: WebBackendProps): HttpStage {
    const format = {
      requestId: "$context.requestId",
      time: "$context.requestTime",
      sourceIp: "$context.identity.sourceIp",
      routeKey: "$context.routeKey",
      path: "$context.path",
      status: "$context.status",
      bytes: "$context.responseLength",
      latencyMs: "$context.responseLatency",
      integrationError: "$context.integrationErrorMessage",
    };
    return new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      throttle: { rateLimit: props.rateLimit ?? 100, burstLimit: props.burstLimit ?? 200 },
      accessLogSettings: {
        destination: new LogGroupLogDestination(this.accessLogs),
        format: AccessLogFormat.custom(JSON.stringify(format)),
      },
    });
  }

  private createRoutes(props: WebBackendProps): Record<string, ShapeFunction> {
    const authorizer = this.createAuthorizer(props);
    const functions: Record<string, ShapeFunction> = {};
    for (const [key, given] of Object.entries(props.routes)) {
      const route = typeof given === "string" ? { entry: given } : given;
      const made = this.createFunction(key, route, props);
      functions[key] = made;
      const httpRoute = new HttpRoute(this, `${idOf(key)}Route`, {
        httpApi: this.api,
        routeKey: routeKeyOf(key),
        integration: new HttpLambdaIntegration(`${idOf(key)}Integration`, made.function),
        ...(authorizer ? { authorizer } : {}),
      });
      if (!authorizer)
        Validations.of(httpRoute).acknowledge({
          id: "AwsSolutions-APIG4",
          reason: "A public form by choice: give jwt or userPool to ask callers for a token.",
        });
    }
    return functions;
  }

  private createFunction(key: string, route: WebBackendRoute, props: WebBackendProps): ShapeFunction {
    const indexes = (props.indexes ?? []).map((index) => [`INDEX_${constantCase(index.name)}`, index.name]);
    const made = new ShapeFunction(this, `${idOf(key)}Handler`, {
      entry: route.entry,
      environment: { TABLE_NAME: this.table.tableName, ...Object.fromEntries(indexes), ...route.environment },
      ...(route.timeout ? { timeout: route.timeout } : {}),
      ...(route.memorySize === undefined ? {} : { memorySize: route.memorySize }),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    const access = route.access ?? (key.startsWith("GET ") ? "read" : "readWrite");
    grantTable(
      this.table,
      made,
      access,
      (props.indexes ?? []).map((index) => index.name),
    );
    return made;
  }

  private createAuthorizer(props: WebBackendProps): IHttpRouteAuthorizer | undefined {
    if (props.jwt) return new HttpJwtAuthorizer("Jwt", props.jwt.issuer, { jwtAudience: [...props.jwt.audience] });
    if (!props.userPool) return undefined;
    const { pool, clients } = props.userPool;
    const issuer = `https://cognito-idp.${pool.env.region}.amazonaws.com/${pool.userPoolId}`;
    return new HttpJwtAuthorizer("UserPool", issuer, { jwtAudience: clients.map((client) => client.userPoolClientId) });
  }

  private createAlarm(): Alarm {
    return this.stage.metricServerError().createAlarm(this, "ServerErrors", {
      alarmDescription: `${this.node.path} answered with server errors`,
      threshold: 1,
      evaluationPeriods: 1,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
    });
  }
}

function validate(scope: Construct, props: WebBackendProps): void {
  const keys = Object.keys(props.routes);
  throwIfInvalid(scope, [
    [keys.length === 0, 'routes is empty: give at least one, e.g. { "GET /items": "handlers/list-items.ts" }'],
    ...keys.map((key): [boolean, string] => [
      !isRouteKey(key),
      `routes has the key "${key}"; allowed: "$default", or a method (${METHODS.join(", ")}), a space and a path that begins with /`,
    ]),
    [props.jwt !== undefined && props.userPool !== undefined, "jwt and userPool are both given; allowed: one of them"],
    [
      props.userPool !== undefined && props.userPool.clients.length === 0,
      "userPool.clients is empty: name the app clients whose tokens are accepted",
    ],
    [(props.rateLimit ?? 1) <= 0, `rateLimit is ${props.rateLimit}; allowed: above 0`],
    [(props.burstLimit ?? 1) <= 0, `burstLimit is ${props.burstLimit}; allowed: above 0`],
    [props.corsOrigins?.length === 0, "corsOrigins is an empty list: leave it out for no CORS, or name origins"],
  ]);
}

function isRouteKey(key: string): boolean {
  if (key === "$default") return true;
  const [method = "", path = "", ...rest] = key.split(" ");
  return METHODS.includes(method) && path.startsWith("/") && rest.length === 0;
}

function routeKeyOf(key: string): HttpRouteKey {
  if (key === "$default") return HttpRouteKey.DEFAULT;
  const [method, path] = key.split(" ") as [HttpMethod, string];
  return HttpRouteKey.with(path, method);
}

/** `GET /orders/{id}` → `GetOrdersId`: readable logical ids. */
function idOf(key: string): string {
  return key
    .split(/[^A-Za-z0-9]+/)
    .filter((word) => word !== "")
    .map((word) => word[0]!.toUpperCase() + (word === word.toUpperCase() ? word.slice(1).toLowerCase() : word.slice(1)))
    .join("");
}

function constantCase(name: string): string {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .replace(/[^A-Za-z0-9]+/g, "_")
    .toUpperCase();
}

function corsOf(props: WebBackendProps) {
  if (!props.corsOrigins) return {};
  return {
    corsPreflight: {
      allowOrigins: [...props.corsOrigins],
      allowMethods: [CorsHttpMethod.ANY],
      allowHeaders: ["authorization", "content-type", "idempotency-key", "if-match"],
      exposeHeaders: ["location", "etag"],
    },
  };
}

/** Grants by action and ARN: no wildcard action, and only the indexes that there are. */
function grantTable(
  table: Table,
  to: ShapeFunction,
  access: WebBackendRoute["access"],
  indexes: readonly string[],
): void {
  const read = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query", "dynamodb:ConditionCheckItem"];
  const write = ["dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem", "dynamodb:BatchWriteItem"];
  const onTable = access === "none" ? [] : access === "read" ? read : access === "write" ? write : [...read, ...write];
  if (onTable.length > 0) to.allow(onTable, [table.tableArn]);
  if (access !== "none" && access !== "write" && indexes.length > 0)
    to.allow(
      ["dynamodb:Query"],
      indexes.map((name) => `${table.tableArn}/index/${name}`),
    );
}
