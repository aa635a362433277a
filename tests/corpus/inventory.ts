/** What is in a cloud, as its own list operations tell: the check that a deleted application left nothing behind. */
import type { Cloud } from "@katachi/cloud";

type Named = Readonly<Record<string, unknown>>;
type Call = (service: string, operation: string, input: object) => Promise<Named>;

/** Service, operation, member of the answer, member that names an entry. */
const LISTS: readonly (readonly [string, string, string, string | undefined, object?])[] = [
  ["lambda", "ListFunctions", "Functions", "FunctionName"],
  ["lambda", "ListLayers", "Layers", "LayerName"],
  ["lambda", "ListEventSourceMappings", "EventSourceMappings", "UUID"],
  ["dynamodb", "ListTables", "TableNames", undefined],
  ["sqs", "ListQueues", "QueueUrls", undefined],
  ["sns", "ListTopics", "Topics", "TopicArn"],
  ["sns", "ListSubscriptions", "Subscriptions", "SubscriptionArn"],
  ["s3", "ListBuckets", "Buckets", "Name"],
  ["apigateway", "GetRestApis", "items", "id"],
  ["apigateway", "GetApiKeys", "items", "id"],
  ["apigateway", "GetUsagePlans", "items", "id"],
  ["apigatewayv2", "GetApis", "Items", "ApiId"],
  ["events", "ListEventBuses", "EventBuses", "Name"],
  ["events", "ListRules", "Rules", "Name"],
  ["events", "ListArchives", "Archives", "ArchiveName"],
  ["events", "ListConnections", "Connections", "Name"],
  ["events", "ListApiDestinations", "ApiDestinations", "Name"],
  ["scheduler", "ListSchedules", "Schedules", "Name"],
  ["scheduler", "ListScheduleGroups", "ScheduleGroups", "Name"],
  ["pipes", "ListPipes", "Pipes", "Name"],
  ["stepfunctions", "ListStateMachines", "stateMachines", "name"],
  ["stepfunctions", "ListActivities", "activities", "name"],
  ["iam", "ListRoles", "Roles", "RoleName"],
  ["iam", "ListUsers", "Users", "UserName"],
  ["iam", "ListGroups", "Groups", "GroupName"],
  ["iam", "ListPolicies", "Policies", "PolicyName", { Scope: "Local" }],
  ["kms", "ListAliases", "Aliases", "AliasName"],
  ["secretsmanager", "ListSecrets", "SecretList", "Name"],
  ["ssm", "DescribeParameters", "Parameters", "Name"],
  ["logs", "DescribeLogGroups", "logGroups", "logGroupName"],
  ["logs", "DescribeMetricFilters", "metricFilters", "filterName"],
  ["cloudwatch", "DescribeAlarms", "MetricAlarms", "AlarmName"],
  ["cloudwatch", "ListDashboards", "DashboardEntries", "DashboardName"],
  ["cognito-idp", "ListUserPools", "UserPools", "Id", { MaxResults: 60 }],
  ["ses", "ListTemplates", "TemplatesMetadata", "Name"],
  ["ses", "ListIdentities", "Identities", undefined],
  ["ses", "ListConfigurationSets", "ConfigurationSets", "Name"],
  ["cloudformation", "ListExports", "Exports", "Name"],
];

/**
 * AWS: a function's first line makes its log group, which belongs to nobody and stays; so do clients' buckets for
 * templates and code, what the CDK's bootstrap makes, and the aliases of AWS's own keys.
 */
const OF_NOBODY =
  /^(iam:Roles cdk-hnb659fds-|ssm:Parameters \/cdk-bootstrap\/|logs:logGroups \/aws\/(lambda|apigateway|http-api|events)\/|s3:Buckets (katachi|cdk)-|kms:Aliases alias\/aws\/)/;

/** Every resource, one a line: `sqs:QueueUrls http://…`. */
export async function inventory(cloud: Cloud): Promise<string[]> {
  const call = cloud.call as unknown as Call;
  const lines = LISTS.map(async ([service, operation, member, name, input = {}]) => {
    const entries = ((await call(service, operation, input))[member] ?? []) as (string | Named)[];
    return entries.map((entry) => `${service}:${member} ${typeof entry === "string" ? entry : String(entry[name!])}`);
  });
  return [...(await Promise.all(lines)).flat(), ...(await livingKeys(call))].filter((line) => !OF_NOBODY.test(line));
}

/** AWS: a deleted key waits for its end for 7 days and more. Keys that AWS manages come with their first use. */
async function livingKeys(call: Call): Promise<string[]> {
  const { Keys } = (await call("kms", "ListKeys", {})) as { Keys: { KeyId: string }[] };
  const lines: string[] = [];
  for (const { KeyId } of Keys) {
    const { KeyMetadata } = (await call("kms", "DescribeKey", { KeyId })) as { KeyMetadata: Record<string, string> };
    if (KeyMetadata["KeyState"] !== "PendingDeletion" && KeyMetadata["KeyManager"] === "CUSTOMER")
      lines.push(`kms:Keys ${KeyId}`);
  }
  return lines;
}
