import { App, CfnOutput, Stack } from "aws-cdk-lib";
import * as apigateway from "aws-cdk-lib/aws-apigateway";
import { Code, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
});
afterAll(() => cloud.close());

const ECHO =
  "exports.handler = async (event) => ({ statusCode: 200, headers: { 'X-Mine': 'yes' }, body: JSON.stringify(event) });";

function stackOf(name: string): { app: App; stack: Stack } {
  const app = new App({ analyticsReporting: false });
  return { app, stack: new Stack(app, name) };
}

function echo(stack: Stack): LambdaFunction {
  return new LambdaFunction(stack, "Echo", {
    runtime: Runtime.NODEJS_22_X,
    handler: "index.handler",
    code: Code.fromInline(ECHO),
  });
}

async function deployed(app: App): Promise<Readonly<Record<string, string>>> {
  const { stacks } = await cloud.deploy(app);
  return Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
}

describe("CDK", () => {
  it("deploys a LambdaRestApi, and the function gets the event of a proxy integration", async () => {
    const { app, stack } = stackOf("lambda-rest-api");
    const api = new apigateway.LambdaRestApi(stack, "Api", { handler: echo(stack), cloudWatchRole: true });
    new CfnOutput(stack, "Url", { value: api.url });
    const url = (await deployed(app))["Url"]!;
    const response = await fetch(`${url}a/b%20c?x=1&x=2`, { method: "POST", body: "hi", headers: { "X-One": "1" } });
    expect(response.status).toBe(200);
    expect(response.headers.get("x-mine")).toBe("yes");
    expect(await response.json()).toMatchObject({
      resource: "/{proxy+}",
      path: "/a/b%20c",
      httpMethod: "POST",
      queryStringParameters: { x: "2" },
      multiValueQueryStringParameters: { x: ["1", "2"] },
      pathParameters: { proxy: "a/b c" },
      stageVariables: null,
      body: "hi",
      isBase64Encoded: false,
      requestContext: { stage: "prod", path: "/prod/a/b%20c", resourcePath: "/{proxy+}", httpMethod: "POST" },
    });
  });
});
