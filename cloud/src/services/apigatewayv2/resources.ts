/** The CloudFormation types of HTTP APIs. */
import type { Readable } from "node:stream";
import type { AccessLogSettings, Cors, RouteSettings } from "@aws-sdk/client-apigatewayv2";
import { apiHost } from "../../aws/addresses.ts";
import { defineResource, type ResourceContext, type ResourceType } from "../../deploy/resource.ts";
import { executeArn } from "../../gateway/arn.ts";
import { authorizer, deployment, integration, route } from "./resources-within.ts";

interface ApiProps {
  Name?: string;
  ProtocolType?: "HTTP";
  Description?: string;
  Version?: string;
  CorsConfiguration?: Cors;
  DisableExecuteApiEndpoint?: boolean;
  IpAddressType?: "ipv4" | "dualstack";
  RouteSelectionExpression?: string;
  ApiKeySelectionExpression?: string;
  RouteKey?: string;
  Target?: string;
  CredentialsArn?: string;
  Body?: object;
  BodyS3Location?: { Bucket: string; Key: string; Version?: string; Etag?: string };
  BasePath?: string;
  FailOnWarnings?: boolean;
  Tags?: Record<string, string>;
}

const api = defineResource<ApiProps>({
  type: "AWS::ApiGatewayV2::Api",
  honours: {
    Name: true,
    ProtocolType: true,
    Description: true,
    Version: true,
    CorsConfiguration: true,
    DisableExecuteApiEndpoint: true,
    IpAddressType: true,
    RouteSelectionExpression: true,
    ApiKeySelectionExpression: true,
    RouteKey: true,
    Target: true,
    CredentialsArn: true,
    Body: true,
    BodyS3Location: true,
    BasePath: true,
    FailOnWarnings: true,
    Tags: true,
  },
  check: (props) =>
    (props.ProtocolType as string) === "WEBSOCKET"
      ? ["Katachi does not emulate ProtocolType WEBSOCKET of AWS::ApiGatewayV2::Api"]
      : [],
  async create(cx, props) {
    const definition = await definitionOf(cx, props);
    if (definition === undefined) {
      const { Body: _, BodyS3Location: __, BasePath: ___, FailOnWarnings: ____, ...settings } = props;
      const made = await cx.call("apigatewayv2", "CreateApi", {
        ProtocolType: "HTTP",
        ...settings,
        Name: props.Name,
        Tags: cx.mergedTagMap(props.Tags),
      });
      return { physicalId: made.ApiId! };
    }
    const { ApiId } = await cx.call("apigatewayv2", "ImportApi", {
      Body: definition,
      Basepath: props.BasePath,
      FailOnWarnings: props.FailOnWarnings,
    });
    cx.initiated(ApiId!);
    await cx.call("apigatewayv2", "UpdateApi", { ApiId, ...overridesOf(props) });
    await cx.call("apigatewayv2", "TagResource", { ResourceArn: arnOf(cx, ApiId!), Tags: cx.mergedTagMap(props.Tags) });
    return { physicalId: ApiId! };
  },
  async update(cx, { physicalId: ApiId, props, previous }) {
    const definition = await definitionOf(cx, props);
    if (definition !== undefined)
      await cx.call("apigatewayv2", "ReimportApi", {
        ApiId,
        Body: definition,
        Basepath: props.BasePath,
        FailOnWarnings: props.FailOnWarnings,
      });
    else if (previous.CorsConfiguration && !props.CorsConfiguration)
      await cx.call("apigatewayv2", "DeleteCorsConfiguration", { ApiId });
    const emptied =
      definition === undefined ? { Description: props.Description ?? "", Version: props.Version ?? "" } : {};
    await cx.call("apigatewayv2", "UpdateApi", { ApiId, ...emptied, ...overridesOf(props) });
    await retag(cx, arnOf(cx, ApiId), previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("apigatewayv2", "DeleteApi", { ApiId: physicalId });
  },
  async attributes({ scope }, physicalId) {
    // The engine turns AWS's addresses into working ones where they leave it; templates take this one apart.
    return {
      ApiId: physicalId,
      ApiEndpoint: `https://${apiHost(physicalId, scope)}`,
      ExecuteApiArn: executeArn(scope, physicalId),
    };
  },
});

function arnOf({ scope }: ResourceContext, apiId: string): string {
  return `arn:aws:apigateway:${scope.region}::/apis/${apiId}`;
}

/** AWS: properties beside a definition overwrite what it says. */
function overridesOf(props: ApiProps) {
  const { Name, Description, Version, CorsConfiguration, DisableExecuteApiEndpoint, IpAddressType } = props;
  const quick = { RouteKey: props.RouteKey, Target: props.Target, CredentialsArn: props.CredentialsArn };
  const given = { Name, Description, Version, CorsConfiguration, DisableExecuteApiEndpoint, IpAddressType, ...quick };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

async function definitionOf(cx: ResourceContext, { Body, BodyS3Location }: ApiProps): Promise<string | undefined> {
  if (Body !== undefined) return JSON.stringify(Body);
  if (BodyS3Location === undefined) return undefined;
  const { Bucket, Key, Version, Etag } = BodyS3Location;
  const object = await cx.call("s3", "GetObject", { Bucket, Key, VersionId: Version, IfMatch: Etag });
  return textOf(object.Body);
}

async function textOf(body: unknown): Promise<string> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  const chunks: Buffer[] = [];
  for await (const chunk of body as Readable) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

async function retag(
  cx: ResourceContext,
  ResourceArn: string,
  previous: Record<string, string> | undefined,
  now: Record<string, string> | undefined,
): Promise<void> {
  const tags = cx.mergedTagMap(now);
  const gone = cx.removedTagKeys(previous, now);
  if (gone.length > 0) await cx.call("apigatewayv2", "UntagResource", { ResourceArn, TagKeys: gone });
  if (Object.keys(tags).length > 0) await cx.call("apigatewayv2", "TagResource", { ResourceArn, Tags: tags });
}

interface StageProps {
  ApiId: string;
  StageName: string;
  AutoDeploy?: boolean;
  DeploymentId?: string;
  Description?: string;
  StageVariables?: Record<string, string>;
  DefaultRouteSettings?: RouteSettings;
  RouteSettings?: Record<string, Record<string, unknown>>;
  AccessLogSettings?: AccessLogSettings;
  Tags?: Record<string, string>;
}

const NO_METRICS = { harmless: "Katachi keeps the metrics of APIs and stages, not of single routes" };

const stage = defineResource<StageProps>({
  type: "AWS::ApiGatewayV2::Stage",
  honours: {
    ApiId: true,
    StageName: true,
    AutoDeploy: true,
    DeploymentId: true,
    Description: true,
    StageVariables: true,
    DefaultRouteSettings: {
      ThrottlingBurstLimit: true,
      ThrottlingRateLimit: true,
      LoggingLevel: true,
      DataTraceEnabled: true,
      DetailedMetricsEnabled: NO_METRICS,
    },
    RouteSettings: true,
    AccessLogSettings: true,
    Tags: true,
  },
  async create(cx, props) {
    await cx.call("apigatewayv2", "CreateStage", { ...settingsOf(props), Tags: cx.mergedTagMap(props.Tags) });
    return { physicalId: props.StageName };
  },
  async update(cx, { props, previous }) {
    const { ApiId, StageName } = props;
    if (previous.AccessLogSettings && !props.AccessLogSettings)
      await cx.call("apigatewayv2", "DeleteAccessLogSettings", { ApiId, StageName });
    for (const RouteKey of Object.keys(previous.RouteSettings ?? {}))
      if (!Object.hasOwn(props.RouteSettings ?? {}, RouteKey))
        await cx.call("apigatewayv2", "DeleteRouteSettings", { ApiId, StageName, RouteKey });
    const gone = Object.keys(previous.StageVariables ?? {}).map((name) => [name, ""]);
    await cx.call("apigatewayv2", "UpdateStage", {
      AutoDeploy: false,
      Description: "",
      DefaultRouteSettings: {},
      ...settingsOf(props),
      StageVariables: { ...(Object.fromEntries(gone) as Record<string, string>), ...props.StageVariables },
    });
    await retag(cx, `${arnOf(cx, ApiId)}/stages/${StageName}`, previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "DeleteStage", { ApiId: props.ApiId, StageName: physicalId });
  },
});

function settingsOf(stageProps: StageProps) {
  const { Tags: _, DeploymentId, RouteSettings: byRoute, DefaultRouteSettings, ...props } = stageProps;
  return {
    ...props,
    // AWS: a stage that deploys by itself has no deployment of the template's.
    ...(props.AutoDeploy || DeploymentId === undefined ? {} : { DeploymentId }),
    ...(DefaultRouteSettings ? { DefaultRouteSettings: limitsOf({ ...DefaultRouteSettings }) } : {}),
    ...(byRoute
      ? {
          RouteSettings: Object.fromEntries(
            Object.entries(byRoute).map(([key, settings]) => [key, limitsOf(settings)]),
          ),
        }
      : {}),
  };
}

/** The specification calls the settings of routes JSON, so numbers may come as texts. */
function limitsOf(given: Record<string, unknown>): RouteSettings {
  const { DetailedMetricsEnabled: _, ...settings } = given;
  const numbers = ["ThrottlingBurstLimit", "ThrottlingRateLimit"].filter((name) => settings[name] !== undefined);
  return { ...settings, ...Object.fromEntries(numbers.map((name) => [name, Number(settings[name])])) };
}

export const resources: readonly ResourceType[] = [api, stage, route, integration, authorizer, deployment];
