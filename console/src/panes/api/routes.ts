import { get, read, type GraphNode, type Status } from "../../api.ts";

export interface ApiRoute {
  /** `ANY` for all of them. */
  readonly method: string;
  /** With `{names}` of what varies. */
  readonly path: string;
  readonly target: string;
  /** What a caller must bring: `NONE`, `AWS_IAM`, `JWT`, `COGNITO_USER_POOLS` … */
  readonly authorization: string;
}

export interface Api {
  /** Address of the first stage, without a slash at its end. */
  readonly url: string;
  readonly routes: readonly ApiRoute[];
}

interface HttpRoute {
  RouteKey: string;
  Target?: string;
  AuthorizationType?: string;
}

interface RestResource {
  path: string;
  resourceMethods?: Record<string, { authorizationType?: string; methodIntegration?: { type?: string; uri?: string } }>;
}

/** Routes of an HTTP API or a REST API, and where it is served. */
export async function loadApi({ kind, physicalId }: GraphNode): Promise<Api> {
  const { endpoint } = await get<Status>("/api/status");
  const [stage, routes] =
    kind === "http-api"
      ? await Promise.all([httpStage(physicalId), httpRoutes(physicalId)])
      : await Promise.all([restStage(physicalId), restRoutes(physicalId)]);
  const url = `${endpoint}/_aws/execute-api/${physicalId}`;
  return { url: stage === "$default" ? url : `${url}/${stage}`, routes: routes.toSorted(byPath) };
}

async function httpStage(ApiId: string): Promise<string> {
  const { Items } = await read<{ Items: { StageName: string }[] }>("apigatewayv2", "GetStages", { ApiId });
  return Items.find(({ StageName }) => StageName === "$default")?.StageName ?? Items[0]?.StageName ?? "$default";
}

async function httpRoutes(ApiId: string): Promise<ApiRoute[]> {
  const [{ Items }, integrations] = await Promise.all([
    read<{ Items: HttpRoute[] }>("apigatewayv2", "GetRoutes", { ApiId, MaxResults: "500" }),
    read<{ Items: { IntegrationId: string; IntegrationUri?: string; IntegrationSubtype?: string }[] }>(
      "apigatewayv2",
      "GetIntegrations",
      { ApiId, MaxResults: "500" },
    ),
  ]);
  const targets = new Map(
    integrations.Items.map((each) => [
      `integrations/${each.IntegrationId}`,
      each.IntegrationSubtype ?? nameOf(each.IntegrationUri ?? ""),
    ]),
  );
  return Items.map(({ RouteKey, Target = "", AuthorizationType = "NONE" }) => {
    const [method = "", path] = RouteKey.split(" ");
    const target = targets.get(Target) ?? "";
    return path === undefined
      ? { method: "ANY", path: "/{proxy+}", target, authorization: AuthorizationType }
      : { method, path, target, authorization: AuthorizationType };
  });
}

async function restStage(restApiId: string): Promise<string> {
  const { item } = await read<{ item?: { stageName: string }[] }>("apigateway", "GetStages", { restApiId });
  return item?.[0]?.stageName ?? "prod";
}

async function restRoutes(restApiId: string): Promise<ApiRoute[]> {
  const { items } = await read<{ items: RestResource[] }>("apigateway", "GetResources", {
    restApiId,
    embed: ["methods"],
    limit: 500,
  });
  return items.flatMap(({ path, resourceMethods = {} }) =>
    Object.entries(resourceMethods).map(([method, { authorizationType = "NONE", methodIntegration = {} }]) => ({
      method,
      path,
      target: methodIntegration.uri ? nameOf(methodIntegration.uri) : (methodIntegration.type ?? ""),
      authorization: authorizationType,
    })),
  );
}

/** What an integration calls, as short as it is still clear. */
function nameOf(uri: string): string {
  return (
    /:function:([^/:]+)/.exec(uri)?.[1] ?? /:stateMachine:([^/:]+)/.exec(uri)?.[1] ?? uri.split(":").slice(5).join(":")
  );
}

function byPath(a: ApiRoute, b: ApiRoute): number {
  return a.path.localeCompare(b.path) || a.method.localeCompare(b.method);
}
