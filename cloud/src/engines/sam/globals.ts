import { SamDocumentError } from "./error.ts";
import { isIntrinsic, isObject, type Json } from "./json.ts";
import { words } from "./words.ts";

/** The properties that `Globals` may give, by section ("Globals section of the AWS SAM template"). */
const SUPPORTED: Readonly<Record<string, readonly string[]>> = {
  Function: words(
    "Handler Runtime CodeUri DeadLetterQueue Description MemorySize Timeout VpcConfig Environment " +
      "Tags PropagateTags Tracing KmsKeyArn AutoPublishAlias AutoPublishAliasAllProperties Layers " +
      "DeploymentPreference RolePath PermissionsBoundary ReservedConcurrentExecutions " +
      "ProvisionedConcurrencyConfig AssumeRolePolicyDocument EventInvokeConfig FileSystemConfigs " +
      "CodeSigningConfigArn Architectures SnapStart EphemeralStorage FunctionUrlConfig " +
      "RuntimeManagementConfig LoggingConfig RecursiveLoop SourceKMSKeyArn TenancyConfig " +
      "DurableConfig CapacityProviderConfig FunctionScalingConfig PublishToLatestPublished " +
      "VersionDeletionPolicy",
  ),
  Api: words(
    "Auth Name DefinitionUri CacheClusterEnabled CacheClusterSize MergeDefinitions Variables " +
      "EndpointConfiguration MethodSettings BinaryMediaTypes MinimumCompressionSize Cors " +
      "GatewayResponses AccessLogSetting CanarySetting TracingEnabled OpenApiVersion Domain " +
      "AlwaysDeploy PropagateTags SecurityPolicy EndpointAccessMode",
  ),
  HttpApi: words(
    "Auth AccessLogSettings StageVariables Tags CorsConfiguration DefaultRouteSettings Domain " +
      "RouteSettings FailOnWarnings PropagateTags",
  ),
  SimpleTable: ["SSESpecification"],
  StateMachine: ["PropagateTags"],
  LayerVersion: ["PublishLambdaVersion"],
};

const PREFIX = "AWS::Serverless::";

/** The `Globals` section by resource type. @throws SamDocumentError for what it may not hold */
export function readGlobals(source: Json): Readonly<Record<string, Json>> {
  if (!("Globals" in source)) return {};
  const fail = (message: string) => new SamDocumentError([`'Globals' section is invalid. ${message}`]);
  if (!isObject(source["Globals"])) throw fail("It must be a non-empty dictionary");
  const globals: Record<string, Json> = {};
  for (const [section, properties] of Object.entries(source["Globals"])) {
    const supported = SUPPORTED[section];
    if (!supported)
      throw fail(
        `'${section}' is not supported. Must be one of the following values - ${listed(Object.keys(SUPPORTED).sort())}`,
      );
    if (!isObject(properties)) throw fail("Value of ${section} must be a dictionary");
    const unknown = Object.keys(properties).find((name) => !supported.includes(name));
    if (unknown !== undefined)
      throw fail(
        `'${unknown}' is not a supported property of '${section}'. Must be one of the following values - ${listed(supported)}`,
      );
    globals[PREFIX + section] = properties;
  }
  return globals;
}

function listed(names: readonly string[]): string {
  return `[${names.map((name) => `'${name}'`).join(", ")}]`;
}

/** A resource's properties over those of `Globals`. @throws SamDocumentError for a wrong `IgnoreGlobals` */
export function mergeGlobals(globals: Readonly<Record<string, Json>>, logicalId: string, resource: Json): Json {
  const local = (resource["Properties"] ?? {}) as Json;
  const type = resource["Type"] as string;
  const given = globals[type];
  const ignored = resource["IgnoreGlobals"];
  if (!given || ignored === "*") return local;
  const kept = { ...given };
  if (ignored) {
    const fail = (message: string) =>
      new SamDocumentError([`Resource with id [${logicalId}] is invalid. Resource ${logicalId} has ${message}`]);
    if (!Array.isArray(ignored)) throw fail("invalid resource attribute 'IgnoreGlobals'.");
    for (const name of ignored as string[]) {
      if (!(name in given)) throw fail(`invalid resource attribute 'IgnoreGlobals' on item '${name}'.`);
      delete kept[name];
    }
  }
  return merge(kept, local, type === `${PREFIX}Function` ? ["Architectures"] : []) as Json;
}

/** Maps are merged, lists joined, all else is the resource's own. */
function merge(general: unknown, own: unknown, replaced: readonly string[] = []): unknown {
  if (Array.isArray(general) && Array.isArray(own)) return [...general, ...own];
  if (!isMap(general) || !isMap(own)) return own;
  const result: Json = { ...general };
  for (const [name, value] of Object.entries(own))
    result[name] = name in general && !replaced.includes(name) ? merge(general[name], value) : value;
  return result;
}

function isMap(value: unknown): value is Json {
  return isObject(value) && !isIntrinsic(value);
}
