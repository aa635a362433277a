import type { PatchOperation } from "@aws-sdk/client-api-gateway";
import { defineResource, type Harmless, type ResourceContext, type ResourceTag } from "../../deploy/resource.ts";
import { retag } from "./resources-api.ts";

/** The CloudFormation types of deployments, stages and the account's settings. */

interface MethodSettingProps {
  HttpMethod?: string;
  ResourcePath?: string;
  LoggingLevel?: string;
  DataTraceEnabled?: boolean;
  MetricsEnabled?: boolean;
  ThrottlingBurstLimit?: number;
  ThrottlingRateLimit?: number;
  CachingEnabled?: boolean;
  CacheTtlInSeconds?: number;
  CacheDataEncrypted?: boolean;
}

interface StageSettings {
  Description?: string;
  AccessLogSetting?: { DestinationArn?: string; Format?: string };
  CacheClusterEnabled?: boolean;
  MethodSettings?: MethodSettingProps[];
  TracingEnabled?: boolean;
  Variables?: Record<string, string>;
  Tags?: ResourceTag[];
}

interface StageProps extends StageSettings {
  RestApiId: string;
  StageName?: string;
  DeploymentId?: string;
}

const NO_CACHE: Harmless = { harmless: "Katachi has no response cache of REST APIs; turning one on is refused" };

const METHOD_SETTINGS = {
  HttpMethod: true,
  ResourcePath: true,
  LoggingLevel: true,
  DataTraceEnabled: true,
  MetricsEnabled: true,
  ThrottlingBurstLimit: true,
  ThrottlingRateLimit: true,
  CachingEnabled: true,
  CacheTtlInSeconds: NO_CACHE,
  CacheDataEncrypted: NO_CACHE,
} as const;

/** What holds for all methods may stand in the description of a stage itself. */
const { HttpMethod: _method, ResourcePath: _path, CachingEnabled: _caching, ...SETTINGS_OF_ALL } = METHOD_SETTINGS;

export const stage = defineResource<StageProps>({
  type: "AWS::ApiGateway::Stage",
  honours: {
    RestApiId: true,
    StageName: true,
    DeploymentId: true,
    Description: true,
    AccessLogSetting: true,
    CacheClusterEnabled: true,
    CacheClusterSize: NO_CACHE,
    MethodSettings: METHOD_SETTINGS,
    TracingEnabled: true,
    Variables: true,
    Tags: true,
  },
  check: ({ CacheClusterEnabled, MethodSettings }) => [
    ...(CacheClusterEnabled ? ["Katachi does not emulate CacheClusterEnabled of AWS::ApiGateway::Stage"] : []),
    ...(Array.isArray(MethodSettings) && MethodSettings.some(({ CachingEnabled }) => CachingEnabled)
      ? ["Katachi does not emulate MethodSettings.CachingEnabled of AWS::ApiGateway::Stage"]
      : []),
  ],
  async create(cx, props) {
    const stageName = props.StageName ?? cx.physicalName(128).replaceAll(/\W/g, "_");
    await cx.call("apigateway", "CreateStage", {
      restApiId: props.RestApiId,
      stageName,
      deploymentId: props.DeploymentId!,
      description: props.Description,
      tracingEnabled: props.TracingEnabled,
      variables: props.Variables,
      tags: cx.mergedTagMap(props.Tags),
    });
    cx.initiated(stageName);
    await patchStage(cx, props.RestApiId, stageName, settingChanges({}, props));
    return { physicalId: stageName };
  },
  async update(cx, { physicalId, props, previous }) {
    const operations: PatchOperation[] = [];
    if (props.DeploymentId !== previous.DeploymentId)
      operations.push({ op: "replace", path: "/deploymentId", value: props.DeploymentId });
    if (props.Description !== previous.Description)
      operations.push({ op: "replace", path: "/description", value: props.Description ?? "" });
    if (props.TracingEnabled !== previous.TracingEnabled)
      operations.push({ op: "replace", path: "/tracingEnabled", value: String(props.TracingEnabled ?? false) });
    operations.push(...variableChanges(previous.Variables, props.Variables), ...settingChanges(previous, props));
    await patchStage(cx, props.RestApiId, physicalId, operations);
    const arn = `arn:aws:apigateway:${cx.scope.region}::/restapis/${props.RestApiId}/stages/${physicalId}`;
    await retag(cx, arn, previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigateway", "DeleteStage", { restApiId: props.RestApiId, stageName: physicalId });
  },
});

async function patchStage(
  cx: ResourceContext,
  restApiId: string,
  stageName: string,
  patchOperations: PatchOperation[],
): Promise<void> {
  if (patchOperations.length === 0) return;
  await cx.call("apigateway", "UpdateStage", { restApiId, stageName, patchOperations });
}

function variableChanges(previous: Record<string, string> = {}, now: Record<string, string> = {}): PatchOperation[] {
  const gone = Object.keys(previous).filter((name) => !Object.hasOwn(now, name));
  return [
    ...gone.map((name): PatchOperation => ({ op: "remove", path: `/variables/${name}` })),
    ...Object.entries(now).map(([name, value]): PatchOperation => ({
      op: "replace",
      path: `/variables/${name}`,
      value,
    })),
  ];
}

/** The patch operations for access log and method settings. */
function settingChanges(previous: StageSettings, props: StageSettings): PatchOperation[] {
  const operations: PatchOperation[] = [];
  const log = props.AccessLogSetting;
  if (log?.DestinationArn !== undefined)
    operations.push({ op: "replace", path: "/accessLogSettings/destinationArn", value: log.DestinationArn });
  if (log?.Format !== undefined)
    operations.push({ op: "replace", path: "/accessLogSettings/format", value: log.Format });
  if (previous.AccessLogSetting && !log) operations.push({ op: "remove", path: "/accessLogSettings" });
  const kept = new Set((props.MethodSettings ?? []).map(settingPath));
  for (const path of new Set((previous.MethodSettings ?? []).map(settingPath)))
    if (!kept.has(path)) operations.push({ op: "remove", path });
  for (const setting of props.MethodSettings ?? []) operations.push(...ofSetting(setting));
  return operations;
}

function settingPath({ ResourcePath = "/*", HttpMethod = "*" }: MethodSettingProps): string {
  // Templates write the path with its slashes, `/*` for all; a JSON Pointer escapes them.
  const path =
    ResourcePath === "/*" || ResourcePath === "*" ? "*" : ResourcePath.replaceAll("~", "~0").replaceAll("/", "~1");
  return `/${path}/${HttpMethod}`;
}

function ofSetting(setting: MethodSettingProps): PatchOperation[] {
  const values = {
    "logging/loglevel": setting.LoggingLevel,
    "logging/dataTrace": setting.DataTraceEnabled,
    "metrics/enabled": setting.MetricsEnabled,
    "throttling/burstLimit": setting.ThrottlingBurstLimit,
    "throttling/rateLimit": setting.ThrottlingRateLimit,
  };
  return Object.entries(values)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => ({ op: "replace", path: `${settingPath(setting)}/${name}`, value: String(value) }));
}

interface StageDescription extends StageSettings, Omit<MethodSettingProps, "HttpMethod" | "ResourcePath"> {}

interface DeploymentProps {
  RestApiId: string;
  Description?: string;
  StageName?: string;
  StageDescription?: StageDescription;
}

export const deployment = defineResource<DeploymentProps>({
  type: "AWS::ApiGateway::Deployment",
  honours: {
    RestApiId: true,
    Description: true,
    StageName: true,
    StageDescription: {
      ...SETTINGS_OF_ALL,
      Description: true,
      AccessLogSetting: true,
      MethodSettings: METHOD_SETTINGS,
      TracingEnabled: true,
      Variables: true,
      Tags: true,
    },
  },
  async create(cx, props) {
    const { RestApiId, StageName, StageDescription: described = {} } = props;
    const made = await cx.call("apigateway", "CreateDeployment", {
      restApiId: RestApiId,
      description: props.Description,
      stageName: StageName,
      stageDescription: described.Description,
      tracingEnabled: described.TracingEnabled,
      variables: described.Variables,
    });
    if (StageName !== undefined) {
      cx.initiated(made.id!);
      await describeStage(cx, RestApiId, StageName, described);
    }
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("apigateway", "UpdateDeployment", {
      restApiId: props.RestApiId,
      deploymentId: physicalId,
      patchOperations: [{ op: "replace", path: "/description", value: props.Description ?? "" }],
    });
  },
  // A stage that the deployment made is the deployment's: CloudFormation deletes it with it where nothing else serves it.
  async delete(cx, { physicalId, props }) {
    const address = { restApiId: props.RestApiId, deploymentId: physicalId };
    if (props.StageName !== undefined) {
      const stages = await cx.call("apigateway", "GetStages", address);
      for (const { stageName } of stages.item ?? [])
        if (stageName === props.StageName)
          await cx.call("apigateway", "DeleteStage", { restApiId: props.RestApiId, stageName });
    }
    await cx.call("apigateway", "DeleteDeployment", address);
  },
  replaceOn: ["StageName", "StageDescription"],
  async attributes(_, physicalId) {
    return { DeploymentId: physicalId };
  },
});

/** What the description of a deployment says of its stage beside what the deployment itself takes. */
async function describeStage(
  cx: ResourceContext,
  restApiId: string,
  stageName: string,
  described: StageDescription,
): Promise<void> {
  const { AccessLogSetting, MethodSettings = [], Tags } = described;
  const settings = { AccessLogSetting, MethodSettings: [described, ...MethodSettings] };
  await patchStage(cx, restApiId, stageName, settingChanges({}, settings));
  if (!Tags) return;
  const resourceArn = `arn:aws:apigateway:${cx.scope.region}::/restapis/${restApiId}/stages/${stageName}`;
  const tags = Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]));
  await cx.call("apigateway", "TagResource", { resourceArn, tags });
}

interface AccountProps {
  CloudWatchRoleArn?: string;
}

export const account = defineResource<AccountProps>({
  type: "AWS::ApiGateway::Account",
  honours: { CloudWatchRoleArn: true },
  async create(cx, props) {
    await setRole(cx, props);
    return { physicalId: cx.physicalName() };
  },
  async update(cx, { props }) {
    await setRole(cx, props);
  },
  // AWS: the settings of the account stay when the resource goes.
  async delete() {},
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

async function setRole(cx: ResourceContext, { CloudWatchRoleArn }: AccountProps): Promise<void> {
  await cx.call("apigateway", "UpdateAccount", {
    patchOperations: [{ op: "replace", path: "/cloudwatchRoleArn", value: CloudWatchRoleArn ?? "" }],
  });
}
