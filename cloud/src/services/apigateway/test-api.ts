import {
  APIGatewayClient,
  CreateDeploymentCommand,
  CreateResourceCommand,
  CreateRestApiCommand,
  PutIntegrationCommand,
  PutIntegrationResponseCommand,
  PutMethodCommand,
  PutMethodResponseCommand,
  type CreateRestApiCommandInput,
  type PutIntegrationCommandInput,
  type PutIntegrationResponseCommandInput,
  type PutMethodCommandInput,
  type PutMethodResponseCommandInput,
} from "@aws-sdk/client-api-gateway";
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import {
  AddPermissionCommand,
  CreateFunctionCommand,
  LambdaClient,
  waitUntilFunctionActiveV2,
} from "@aws-sdk/client-lambda";
import type { Cloud } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

/** What the tests of REST APIs make again and again. */

export interface MethodSetup {
  /** Below the root; default: the root itself. */
  path?: string;
  httpMethod?: string;
  method?: Partial<PutMethodCommandInput>;
  integration: Partial<PutIntegrationCommandInput>;
  /** By default one of status 200, with an empty body template where the integration is no proxy. */
  responses?: (Partial<PutIntegrationResponseCommandInput> & {
    declared?: Partial<PutMethodResponseCommandInput>;
  })[];
}

export interface MadeApi {
  readonly restApiId: string;
  readonly rootId: string;
  /** Address of the stage, without a slash at its end. */
  readonly url: string;
}

let count = 0;

/** An API of one method, deployed as stage `dev`. */
export async function newApi(
  cloud: Cloud,
  setup: MethodSetup,
  api: Partial<CreateRestApiCommandInput> = {},
): Promise<MadeApi> {
  const client = cloud.client(APIGatewayClient);
  const { id, rootResourceId } = await client.send(new CreateRestApiCommand({ name: `api-${++count}`, ...api }));
  await addMethod(cloud, id!, rootResourceId!, setup);
  await deploy(cloud, id!);
  return { restApiId: id!, rootId: rootResourceId!, url: `${cloud.endpoint}/_aws/execute-api/${id}/dev` };
}

export async function deploy(cloud: Cloud, restApiId: string, stageName = "dev", more: object = {}): Promise<void> {
  await cloud.client(APIGatewayClient).send(new CreateDeploymentCommand({ restApiId, stageName, ...more }));
}

export async function addMethod(
  cloud: Cloud,
  restApiId: string,
  parentId: string,
  setup: MethodSetup,
): Promise<string> {
  const client = cloud.client(APIGatewayClient);
  const { path, httpMethod = "ANY", method, integration, responses = [{}] } = setup;
  let resourceId = parentId;
  for (const pathPart of path?.split("/") ?? []) {
    const made = await client.send(new CreateResourceCommand({ restApiId, parentId: resourceId, pathPart }));
    resourceId = made.id!;
  }
  const at = { restApiId, resourceId, httpMethod };
  await client.send(new PutMethodCommand({ ...at, authorizationType: "NONE", ...method }));
  const isProxy = integration.type === "AWS_PROXY" || integration.type === "HTTP_PROXY";
  const integrationHttpMethod = integration.type === "MOCK" ? undefined : "POST";
  await client.send(new PutIntegrationCommand({ ...at, type: "MOCK", integrationHttpMethod, ...integration }));
  if (!isProxy)
    for (const { declared, ...response } of responses) {
      const statusCode = response.statusCode ?? "200";
      await client.send(new PutMethodResponseCommand({ ...at, statusCode, ...declared }));
      await client.send(new PutIntegrationResponseCommand({ ...at, statusCode, ...response }));
    }
  return resourceId;
}

/** A role that a service may assume. */
export async function newRole(cloud: Cloud, service: string, actions: string[]): Promise<string> {
  const iam = cloud.client(IAMClient);
  const trust = {
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Principal: { Service: service }, Action: "sts:AssumeRole" }],
  };
  const RoleName = `role-${++count}`;
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: JSON.stringify(trust) }));
  const policy = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: actions, Resource: "*" }] };
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument: JSON.stringify(policy) }));
  return Role!.Arn!;
}

const roles = new WeakMap<Cloud, Promise<string>>();

/** A function that every API may invoke. @returns the URI by which API Gateway names it */
export async function newFunction(cloud: Cloud, code: string, more: object = {}): Promise<string> {
  const lambda = cloud.client(LambdaClient);
  if (!roles.has(cloud)) roles.set(cloud, newRole(cloud, "lambda.amazonaws.com", ["logs:*"]));
  const FunctionName = `fn-${++count}`;
  const { FunctionArn } = await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Role: await roles.get(cloud),
      Handler: "index.handler",
      Code: { ZipFile: await createArchive({ "index.js": code }) },
      ...more,
    }),
  );
  await waitUntilFunctionActiveV2({ client: lambda, maxWaitTime: 10 }, { FunctionName });
  await lambda.send(
    new AddPermissionCommand({
      FunctionName,
      StatementId: "api",
      Action: "lambda:InvokeFunction",
      Principal: "apigateway.amazonaws.com",
    }),
  );
  return uriOf(FunctionArn!);
}

export function uriOf(functionArn: string): string {
  return `arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`;
}
