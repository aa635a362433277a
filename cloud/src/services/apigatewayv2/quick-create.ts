import { deployAutomatically } from "./deployment.ts";
import { badRequest, notFound } from "./errors.ts";
import type { Cx } from "./gateway.ts";
import { isFunctionUri } from "../../gateway/function-uri.ts";
import { newIntegration } from "./operations/integrations.ts";
import { newRoute } from "./operations/routes.ts";
import type { ApiRecord, IntegrationRecord, StageRecord } from "./state.ts";

interface QuickTarget {
  Target?: string | undefined;
  RouteKey?: string | undefined;
  CredentialsArn?: string | undefined;
}

/**
 * AWS: quick create makes an API with one target: an integration, a catch-all route and a `$default` stage that deploys
 * by itself, all managed by API Gateway.
 */
export function quickCreate(cx: Cx, api: ApiRecord, target: QuickTarget & { Target: string }): void {
  const { apis } = cx.state;
  const integration: IntegrationRecord = { ...newIntegration(cx, integrationFor(target)), ApiGatewayManaged: true };
  apis.integrations.put([api.ApiId, integration.IntegrationId], integration);
  const route = newRoute(cx, api, {
    RouteKey: target.RouteKey ?? "$default",
    Target: `integrations/${integration.IntegrationId}`,
  });
  apis.routes.put([api.ApiId, route.RouteId], { ...route, ApiGatewayManaged: true });
  const now = cx.kernel.clock.now();
  const stage: StageRecord = {
    StageName: "$default",
    AutoDeploy: true,
    ApiGatewayManaged: true,
    createdMs: now,
    updatedMs: now,
  };
  apis.stages.put([api.ApiId, stage.StageName], deployAutomatically(cx, api, stage));
}

function integrationFor({ Target, CredentialsArn }: QuickTarget & { Target: string }) {
  const credentials = CredentialsArn === undefined ? {} : { CredentialsArn };
  if (isFunctionUri(Target))
    return {
      IntegrationType: "AWS_PROXY",
      IntegrationUri: Target,
      PayloadFormatVersion: "2.0",
      ...credentials,
    } as const;
  if (!/^https?:\/\//.test(Target))
    throw badRequest(`Invalid target: ${Target}. It must be a URL or the ARN of a Lambda function`);
  return {
    IntegrationType: "HTTP_PROXY",
    IntegrationMethod: "ANY",
    IntegrationUri: Target,
    PayloadFormatVersion: "1.0",
    ...credentials,
  } as const;
}

/** AWS: UpdateApi replaces what quick create has made. @throws AwsError NotFoundException where the API was made otherwise */
export function quickUpdate(cx: Cx, api: ApiRecord, change: QuickTarget): void {
  const { apis } = cx.state;
  const range = { prefix: [api.ApiId] };
  const integration = [...apis.integrations.values(range)].find((made) => made.ApiGatewayManaged);
  const route = [...apis.routes.values(range)].find((made) => made.ApiGatewayManaged);
  if (!integration || !route) throw notFound("quick create target of API", api.ApiId);
  const target = {
    Target: change.Target ?? integration.IntegrationUri ?? "",
    CredentialsArn: change.CredentialsArn ?? integration.CredentialsArn,
  };
  const { IntegrationId } = integration;
  apis.integrations.put([api.ApiId, IntegrationId], {
    ...newIntegration(cx, integrationFor(target)),
    IntegrationId,
    ApiGatewayManaged: true,
  });
  if (change.RouteKey !== undefined) {
    const { RouteId } = route;
    const changed = newRoute(cx, api, { RouteKey: change.RouteKey, Target: route.Target }, RouteId);
    apis.routes.put([api.ApiId, RouteId], { ...changed, ApiGatewayManaged: true });
  }
}
