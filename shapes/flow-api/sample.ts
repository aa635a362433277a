import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, SecretValue, Stack, Validations } from "aws-cdk-lib";
import { JsonSchemaType } from "aws-cdk-lib/aws-apigateway";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Authorization, Connection } from "aws-cdk-lib/aws-events";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { ShapeFunction } from "../function.ts";
import { packagePath } from "../package-path.ts";
import { WebBackend } from "../web-backend/construct.ts";
import { FlowApi, type FlowApiProps } from "./construct.ts";
import { order } from "./flows/order.ts";
import { productPage } from "./flows/product-page.ts";

const handler = (name: string) => packagePath(`flow-api/handlers/${name}.ts`);
/** Of the stand-in for other companies only. */
const PARTNER_KEY = "demo-partner-key";

/** A shop's product page and its orders: the application that the shape's demo and tests run. */
export function buildSample(app: App, overrides: Partial<FlowApiProps> = {}): Stack {
  const stack = new Stack(app, "flow-api", { description: "Katachi shape 1.4: a product page and orders" });
  const products = createTable(stack, "Products");
  const orders = createTable(stack, "Orders");
  const recommend = new ShapeFunction(stack, "Recommend", { entry: handler("recommend") });
  const partners = createPartners(stack);
  const connection = new Connection(stack, "PartnerConnection", {
    authorization: Authorization.apiKey("x-api-key", SecretValue.unsafePlainText(PARTNER_KEY)),
  });
  const may = (actions: string[], resources: string[]) =>
    new PolicyStatement({ effect: Effect.ALLOW, actions, resources });
  const mayCall = (method: string, path: string) => [
    new PolicyStatement({
      effect: Effect.ALLOW,
      actions: ["states:InvokeHTTPEndpoint"],
      resources: [`arn:${stack.partition}:states:${stack.region}:${stack.account}:stateMachine:*`],
      conditions: {
        StringEquals: { "states:HTTPMethod": method },
        StringLike: { "states:HTTPEndpoint": `${partners.url}${path}*` },
      },
    }),
    may(["events:RetrieveConnectionCredentials"], [connection.connectionArn]),
    may(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], [connection.connectionSecretArn]),
  ];
  const shop = new FlowApi(stack, "Shop", {
    routes: {
      "GET /products/{id}": {
        definition: productPage({
          tableName: products.tableName,
          recommendFunctionArn: recommend.function.functionArn,
          reviewsUrl: `${partners.url}reviews/`,
          shippingUrl: `${partners.url}shipping/`,
          connectionArn: connection.connectionArn,
        }),
        allow: [
          may(["dynamodb:GetItem"], [products.tableArn]),
          may(["lambda:InvokeFunction"], [recommend.function.functionArn]),
          ...mayCall("GET", ""),
        ],
        statuses: { NotFound: 404, Unavailable: 503 },
      },
      "POST /orders": {
        definition: order({
          productsTable: products.tableName,
          ordersTable: orders.tableName,
          paymentUrl: `${partners.url}payments`,
          connectionArn: connection.connectionArn,
        }),
        allow: [
          may(["dynamodb:PutItem", "dynamodb:UpdateItem"], [orders.tableArn]),
          may(["dynamodb:UpdateItem"], [products.tableArn]),
          ...mayCall("POST", "payments"),
        ],
        body: {
          type: JsonSchemaType.OBJECT,
          required: ["productId", "quantity", "card"],
          properties: {
            productId: { type: JsonSchemaType.STRING, minLength: 1, maxLength: 100 },
            quantity: { type: JsonSchemaType.INTEGER, minimum: 1, maximum: 100 },
            card: { type: JsonSchemaType.STRING, minLength: 1 },
          },
        },
        statuses: { SoldOut: 409, PaymentDeclined: 402 },
      },
    },
    ...overrides,
  });
  explain(shop);
  new CfnOutput(stack, "Url", { value: shop.url });
  new CfnOutput(stack, "ProductsTable", { value: products.tableName });
  new CfnOutput(stack, "OrdersTable", { value: orders.tableName });
  return stack;
}

function createTable(stack: Stack, id: string): Table {
  return new Table(stack, id, {
    partitionKey: { name: "id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

/** Reviews, shipping and payment: other companies' HTTP APIs, played by one function. */
function createPartners(stack: Stack): WebBackend {
  const route = { entry: handler("partner"), access: "none", environment: { API_KEY: PARTNER_KEY } } as const;
  return new WebBackend(stack, "Partners", {
    routes: { "GET /reviews/{id}": route, "GET /shipping/{id}": route, "POST /payments": route },
    removalPolicy: RemovalPolicy.DESTROY,
  });
}

function explain(shop: FlowApi): void {
  for (const flow of Object.values(shop.flows))
    Validations.of(flow).acknowledge({
      id: "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:states:<AWS::Region>:<AWS::AccountId>:stateMachine:*]",
      reason:
        "The flow's own ARN would make policy and flow wait for each other; method and address are fixed instead.",
    });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
