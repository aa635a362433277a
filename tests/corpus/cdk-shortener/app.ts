import { type App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { LambdaIntegration, RestApi } from "aws-cdk-lib/aws-apigateway";
import { AttributeType, BillingMode, Table } from "aws-cdk-lib/aws-dynamodb";
import { Code, Function, Runtime } from "aws-cdk-lib/aws-lambda";

const HANDLER = (status: number) => `
const { DynamoDBClient, GetItemCommand, PutItemCommand } = require("@aws-sdk/client-dynamodb");
const client = new DynamoDBClient({});
const TableName = process.env.TABLE;
exports.handler = async ({ httpMethod, pathParameters: { id }, body }) => {
  if (httpMethod === "PUT") {
    await client.send(new PutItemCommand({ TableName, Item: { id: { S: id }, url: { S: body } } }));
    return { statusCode: 204 };
  }
  const { Item } = await client.send(new GetItemCommand({ TableName, Key: { id: { S: id } } }));
  return Item ? { statusCode: ${status}, headers: { location: Item.url.S } } : { statusCode: 404 };
};`;

export function build(app: App, generation: 1 | 2): void {
  const stack = new Stack(app, "cdk-shortener");
  const table = new Table(stack, "Links", {
    partitionKey: { name: "id", type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    removalPolicy: RemovalPolicy.DESTROY,
  });
  const handler = new Function(stack, "Handler", {
    runtime: Runtime.NODEJS_24_X,
    handler: "index.handler",
    code: Code.fromInline(HANDLER(generation === 1 ? 302 : 301)),
    environment: { TABLE: table.tableName },
  });
  table.grantReadWriteData(handler);
  const api = new RestApi(stack, "Api", { cloudWatchRole: false });
  const link = api.root.addResource("{id}");
  for (const method of ["GET", "PUT"]) link.addMethod(method, new LambdaIntegration(handler));
  new CfnOutput(stack, "Url", { value: api.url });
}
