import { resourceError } from "./error.ts";
import { isIntrinsic, isObject, type Json } from "./json.ts";
import { words } from "./words.ts";

interface PropertyNames {
  readonly required?: readonly string[];
  readonly strings?: readonly string[];
  readonly maps?: readonly string[];
  readonly lists?: readonly string[];
  readonly booleans?: readonly string[];
  readonly others?: readonly string[];
}

const TABLE: Readonly<Record<string, PropertyNames>> = {
  "AWS::Serverless::Function": {
    strings: ["Role", "PermissionsBoundary", "AutoPublishAlias", "AutoPublishCodeSha256", "VersionDeletionPolicy"],
    maps: words(
      "DeadLetterQueue AssumeRolePolicyDocument Environment Events Tags DeploymentPreference " +
        "EventInvokeConfig SnapStart FunctionUrlConfig CapacityProviderConfig FunctionScalingConfig " +
        "DurableConfig",
    ),
    lists: ["Layers"],
    booleans: ["PropagateTags", "AutoPublishAliasAllProperties"],
    others: words(
      "FunctionName Handler Runtime CodeUri ImageUri PackageType InlineCode Description MemorySize " +
        "Timeout VpcConfig Policies RolePath Tracing KmsKeyArn ReservedConcurrentExecutions " +
        "EphemeralStorage VersionDescription ProvisionedConcurrencyConfig FileSystemConfigs " +
        "ImageConfig CodeSigningConfigArn Architectures RuntimeManagementConfig LoggingConfig " +
        "RecursiveLoop SourceKMSKeyArn PublishToLatestPublished TenancyConfig",
    ),
  },
  "AWS::Serverless::Api": {
    required: ["StageName"],
    strings: words(
      "CacheClusterSize OpenApiVersion Description Mode ApiKeySourceType SecurityPolicy " + "EndpointAccessMode",
    ),
    maps: words(
      "Tags DefinitionBody Variables Auth GatewayResponses AccessLogSetting CanarySetting Models " + "Domain",
    ),
    lists: ["MethodSettings", "BinaryMediaTypes"],
    booleans: words(
      "__MANAGE_SWAGGER PropagateTags MergeDefinitions CacheClusterEnabled TracingEnabled " +
        "FailOnWarnings DisableExecuteApiEndpoint AlwaysDeploy",
    ),
    others: ["Name", "StageName", "DefinitionUri", "EndpointConfiguration", "MinimumCompressionSize", "Cors", "Policy"],
  },
  "AWS::Serverless::HttpApi": {
    strings: ["Description"],
    maps: words(
      "Tags DefinitionBody StageVariables AccessLogSettings DefaultRouteSettings Auth RouteSettings " + "Domain",
    ),
    booleans: ["__MANAGE_SWAGGER", "PropagateTags", "FailOnWarnings", "DisableExecuteApiEndpoint"],
    others: ["Name", "StageName", "DefinitionUri", "CorsConfiguration"],
  },
  "AWS::Serverless::SimpleTable": {
    maps: ["PrimaryKey", "ProvisionedThroughput", "Tags", "SSESpecification"],
    others: ["PointInTimeRecoverySpecification", "TableName"],
  },
  "AWS::Serverless::LayerVersion": {
    required: ["ContentUri"],
    strings: ["Description", "LicenseInfo", "RetentionPolicy"],
    lists: ["CompatibleArchitectures", "CompatibleRuntimes"],
    booleans: ["PublishLambdaVersion"],
    others: ["LayerName", "ContentUri"],
  },
  "AWS::Serverless::Application": {
    required: ["Location"],
    strings: ["TemplateUrl"],
    maps: ["Parameters", "Tags"],
    lists: ["NotificationARNs"],
    others: ["Location", "TimeoutInMinutes"],
  },
  "AWS::Serverless::StateMachine": {
    strings: ["Role", "Name", "Type", "PermissionsBoundary"],
    maps: ["Definition", "Logging", "DefinitionSubstitutions", "Events", "Tags", "Tracing"],
    booleans: ["PropagateTags", "UseAliasAsEventTarget"],
    others: ["DefinitionUri", "RolePath", "Policies", "AutoPublishAlias", "DeploymentPreference"],
  },
  "AWS::Serverless::Connector": {
    required: ["Source", "Destination", "Permissions"],
    maps: ["Source"],
    lists: ["Permissions"],
    others: ["Destination"],
  },
};

/** Whether SAM's resource of the type is transformed here. */
export function isServerlessType(type: unknown): type is string {
  return typeof type === "string" && Object.hasOwn(TABLE, type);
}

/** Checks names, presence and kinds of a resource's properties. @throws SamError */
export function checkProperties(logicalId: string, type: string, properties: Json): void {
  const { required = [], ...groups } = TABLE[type]!;
  const known = new Set(Object.values(groups).flat());
  const unknown = Object.keys(properties).find((name) => !known.has(name));
  if (unknown !== undefined)
    throw resourceError(logicalId, `property ${unknown} not defined for resource of type ${type}`);
  for (const name of required)
    if (properties[name] === undefined) throw resourceError(logicalId, `Missing required property '${name}'.`);
  const check = (names: readonly string[] | undefined, noun: string, fits: (value: unknown) => boolean) => {
    for (const name of names ?? [])
      if (properties[name] !== undefined && !isCall(properties[name]) && !fits(properties[name]))
        throw resourceError(
          logicalId,
          TOLD_LESS.has(name) ? `Type of property '${name}' is invalid.` : `Property '${name}' should be a ${noun}.`,
        );
  };
  check(groups.strings, "string", (value) => typeof value === "string");
  check(groups.maps, "map", isObject);
  check(groups.lists, "list", Array.isArray);
  check(groups.booleans, "boolean", (value) => typeof value === "boolean");
}

/** Where the members of a map or list are of a kind too, SAM does not tell which. */
const TOLD_LESS = new Set(
  words(
    "Environment Events PrimaryKey ProvisionedThroughput Layers NotificationARNs CompatibleArchitectures " +
      "CompatibleRuntimes Source Permissions",
  ),
);

/** SAM takes every object of one member for a function. */
function isCall(value: unknown): boolean {
  return isIntrinsic(value) || (isObject(value) && Object.keys(value).length === 1);
}
