/**
 * AWS Lambda: functions, versions, aliases, layers, invocation in every mode, function URLs, permissions, concurrency.
 *
 * Gap: Node.js and Python functions run on the installed Node and Python, whatever their version; boto3 is there for
 * Python where it is installed. `provided.al2` and `provided.al2023` run any `bootstrap`. Other languages, container
 * images and layers with external extensions are refused by name.
 * Gap: `/opt` and `/var/task` do not exist as such: search paths and environment variables name the real places.
 * Gap: VPC, EFS, customer keys, code signing, SnapStart, tenant isolation, capacity providers, durable functions and
 * runtime management are refused by name.
 * Gap: event source mappings read SQS queues and DynamoDB streams; Kinesis, Kafka, MQ and DocumentDB are refused by
 * name. Without a MaximumConcurrency a mapping of a queue runs five batches at a time, as AWS begins with; it does not
 * scale up from there.
 * Gap: a mapping's on-failure destination is not checked against the role's permissions when the mapping is made.
 * Gap: `arm64` and `x86_64` are described and both run on this machine's processor; ephemeral storage is described, not
 * limited: `/tmp` is the machine's.
 * Gap: active tracing only marks the trace header as sampled; every invocation has a span anyway.
 * Quirk: a function is Active as soon as it is created; only the answer to its creation says Pending.
 * Quirk: code from the bucket `hot-reload` is the directory that its key names, run in place.
 */
import { FunctionHost } from "../../functions/function-host.ts";
import type { Input } from "../../aws/api-types.ts";
import { defineService, suspends, type Ask, type CallContext, type ServiceContext } from "../../service.ts";
import { asyncPolicy } from "./async-invocation.ts";
import { codeDownload } from "./code-address.ts";
import { destinationPolicy } from "./destinations.ts";
import { EventSources } from "./event-source.ts";
import { findPolicy } from "./function-lookup.ts";
import { functionArn, readFunctionName } from "./function-name.ts";
import { functionUrlPlane } from "./function-url.ts";
import { LogWriter } from "./log-writer.ts";
import * as aliases from "./operations/aliases.ts";
import * as concurrency from "./operations/concurrency.ts";
import * as eventInvoke from "./operations/event-invoke.ts";
import * as eventSources from "./operations/event-source-mappings.ts";
import * as functions from "./operations/functions.ts";
import * as invoking from "./operations/invoke.ts";
import * as layers from "./operations/layers.ts";
import * as permissions from "./operations/permissions.ts";
import * as tags from "./operations/tags.ts";
import * as urls from "./operations/urls.ts";
import * as versions from "./operations/versions.ts";
import { resources } from "./resources.ts";
import { Roles } from "./role.ts";
import { findArn } from "../../aws/arn.ts";
import { LambdaState } from "./state.ts";

type Cx = CallContext<LambdaState>;
interface Named {
  FunctionName?: string | undefined;
  Qualifier?: string | undefined;
}

/** The function itself. */
const ofFunction = (input: Named, cx: Cx): Ask => {
  const { scope, name } = readFunctionName(cx.scope, input.FunctionName ?? "");
  return { resource: functionArn(scope, name) };
};
/** The function, or the version or alias that was named. */
const ofQualified = (input: Named, cx: Cx): Ask => {
  const { scope, name, qualifier } = readFunctionName(cx.scope, input.FunctionName ?? "", input.Qualifier);
  return { resource: functionArn(scope, name, qualifier) };
};
/** As above, where the function's own policy may allow it too. */
const ofInvocation = (input: Named, cx: Cx): Ask => {
  const reference = readFunctionName(cx.scope, input.FunctionName ?? "", input.Qualifier);
  return {
    action: "lambda:InvokeFunction",
    resource: functionArn(reference.scope, reference.name, reference.qualifier),
    resourcePolicy: findPolicy(cx.state, reference),
  };
};
const ofAll = (): Ask => ({ resource: "*" });
const ofLayer = (input: { LayerName?: string | undefined }, cx: Cx): Ask => ({
  resource: layers.layerResource(cx.scope, input.LayerName),
});
const ofLayerVersion = (
  input: { LayerName?: string | undefined; VersionNumber?: number | undefined },
  cx: Cx,
): Ask => ({
  resource: layers.layerResource(cx.scope, input.LayerName, input.VersionNumber),
});
const ofTagged = (input: { Resource?: string | undefined }): Ask => ({ resource: input.Resource ?? "*" });
const ofEventSource = ({ UUID }: { UUID?: string | undefined }, cx: Cx): Ask => ({
  resource: eventSources.mappingArn(cx.scope, UUID ?? "*"),
});
/** AWS: whoever gives a function its role must be allowed to pass it. */
const passRole = (role: string | undefined): Ask[] =>
  role === undefined
    ? []
    : [{ action: "iam:PassRole", resource: role, context: { "iam:PassedToService": "lambda.amazonaws.com" } }];
const layersOf = (arns: string[] | undefined): Ask[] =>
  (arns ?? []).map((resource) => ({ action: "lambda:GetLayerVersion", resource }));

export const lambda = defineService({
  api: "lambda",
  iamPrefix: "lambda",
  state: (kernel) => new LambdaState(kernel),
  resources,
  dataPlanes: [functionUrlPlane as never, codeDownload as never],
  start,
  stop({ state }) {
    state.running.eventSources.close();
    state.running.logs.close();
    state.running.host.close();
  },
  operations: {
    CreateFunction: suspends(functions.createFunction),
    GetFunction: functions.getFunctionOperation,
    GetFunctionConfiguration: functions.getFunctionConfiguration,
    ListFunctions: functions.listFunctions,
    UpdateFunctionCode: suspends(functions.updateFunctionCode),
    UpdateFunctionConfiguration: suspends(functions.updateFunctionConfiguration),
    DeleteFunction: functions.deleteFunction,
    PublishVersion: suspends(versions.publishVersion),
    ListVersionsByFunction: versions.listVersionsByFunction,
    CreateAlias: aliases.createAlias,
    UpdateAlias: aliases.updateAlias,
    GetAlias: aliases.getAliasOperation,
    DeleteAlias: aliases.deleteAlias,
    ListAliases: aliases.listAliases,
    Invoke: suspends(invoking.invoke),
    InvokeAsync: suspends(invoking.invokeAsync),
    InvokeWithResponseStream: suspends(invoking.invokeWithResponseStream),
    AddPermission: permissions.addPermission,
    RemovePermission: permissions.removePermission,
    GetPolicy: permissions.getPolicy,
    PutFunctionConcurrency: concurrency.putFunctionConcurrency,
    GetFunctionConcurrency: concurrency.getFunctionConcurrency,
    DeleteFunctionConcurrency: concurrency.deleteFunctionConcurrency,
    GetAccountSettings: concurrency.getAccountSettings,
    PutProvisionedConcurrencyConfig: suspends(concurrency.putProvisionedConcurrency),
    GetProvisionedConcurrencyConfig: concurrency.getProvisionedConcurrency,
    DeleteProvisionedConcurrencyConfig: suspends(concurrency.deleteProvisionedConcurrency),
    ListProvisionedConcurrencyConfigs: concurrency.listProvisionedConcurrency,
    PutFunctionEventInvokeConfig: eventInvoke.putEventInvokeConfig,
    UpdateFunctionEventInvokeConfig: eventInvoke.updateEventInvokeConfig,
    GetFunctionEventInvokeConfig: eventInvoke.getEventInvokeConfig,
    DeleteFunctionEventInvokeConfig: eventInvoke.deleteEventInvokeConfig,
    ListFunctionEventInvokeConfigs: eventInvoke.listEventInvokeConfigs,
    CreateFunctionUrlConfig: urls.createUrl,
    UpdateFunctionUrlConfig: urls.updateUrl,
    GetFunctionUrlConfig: urls.getUrl,
    DeleteFunctionUrlConfig: urls.deleteUrl,
    ListFunctionUrlConfigs: urls.listUrls,
    CreateEventSourceMapping: suspends(eventSources.createMapping),
    UpdateEventSourceMapping: suspends(eventSources.updateMapping),
    GetEventSourceMapping: eventSources.getMapping,
    DeleteEventSourceMapping: eventSources.deleteMapping,
    ListEventSourceMappings: eventSources.listMappings,
    PublishLayerVersion: suspends(layers.publishLayerVersion),
    GetLayerVersion: layers.getLayerVersion,
    GetLayerVersionByArn: layers.getLayerVersionByArn,
    DeleteLayerVersion: layers.deleteLayerVersion,
    ListLayerVersions: layers.listLayerVersions,
    ListLayers: layers.listLayers,
    AddLayerVersionPermission: layers.addLayerVersionPermission,
    RemoveLayerVersionPermission: layers.removeLayerVersionPermission,
    GetLayerVersionPolicy: layers.getLayerVersionPolicy,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ListTags: tags.listTags,
  },
  authorize: {
    CreateFunction: (input: Input<"lambda", "CreateFunction">, cx: Cx) => [
      ofFunction(input, cx),
      ...passRole(input.Role),
      ...layersOf(input.Layers),
    ],
    GetFunction: ofFunction,
    GetFunctionConfiguration: ofFunction,
    ListFunctions: ofAll,
    UpdateFunctionCode: ofFunction,
    UpdateFunctionConfiguration: (input: Input<"lambda", "UpdateFunctionConfiguration">, cx: Cx) => [
      ofFunction(input, cx),
      ...passRole(input.Role),
      ...layersOf(input.Layers),
    ],
    DeleteFunction: ofFunction,
    PublishVersion: ofFunction,
    ListVersionsByFunction: ofFunction,
    CreateAlias: ofFunction,
    UpdateAlias: ofFunction,
    GetAlias: ofFunction,
    DeleteAlias: ofFunction,
    ListAliases: ofFunction,
    Invoke: ofInvocation,
    InvokeAsync: ofInvocation,
    InvokeWithResponseStream: ofInvocation,
    AddPermission: ofFunction,
    RemovePermission: ofFunction,
    GetPolicy: ofFunction,
    PutFunctionConcurrency: ofFunction,
    GetFunctionConcurrency: ofFunction,
    DeleteFunctionConcurrency: ofFunction,
    GetAccountSettings: ofAll,
    PutProvisionedConcurrencyConfig: ofQualified,
    GetProvisionedConcurrencyConfig: ofQualified,
    DeleteProvisionedConcurrencyConfig: ofQualified,
    ListProvisionedConcurrencyConfigs: ofFunction,
    PutFunctionEventInvokeConfig: ofFunction,
    UpdateFunctionEventInvokeConfig: ofFunction,
    GetFunctionEventInvokeConfig: ofFunction,
    DeleteFunctionEventInvokeConfig: ofFunction,
    ListFunctionEventInvokeConfigs: ofFunction,
    CreateFunctionUrlConfig: ofFunction,
    UpdateFunctionUrlConfig: ofFunction,
    GetFunctionUrlConfig: ofFunction,
    DeleteFunctionUrlConfig: ofFunction,
    ListFunctionUrlConfigs: ofFunction,
    CreateEventSourceMapping: (input: Named, cx: Cx) => ({
      resource: "*",
      context: { "lambda:FunctionArn": ofQualified(input, cx).resource },
    }),
    UpdateEventSourceMapping: ofEventSource,
    GetEventSourceMapping: ofEventSource,
    DeleteEventSourceMapping: ofEventSource,
    ListEventSourceMappings: ofAll,
    PublishLayerVersion: ofLayer,
    GetLayerVersion: ofLayerVersion,
    GetLayerVersionByArn: (input: Input<"lambda", "GetLayerVersionByArn">) => ({
      action: "lambda:GetLayerVersion",
      resource: input.Arn ?? "*",
    }),
    DeleteLayerVersion: ofLayerVersion,
    ListLayerVersions: ofAll,
    ListLayers: ofAll,
    AddLayerVersionPermission: ofLayerVersion,
    RemoveLayerVersionPermission: ofLayerVersion,
    GetLayerVersionPolicy: ofLayerVersion,
    TagResource: ofTagged,
    UntagResource: ofTagged,
    ListTags: ofTagged,
  },
});

function start(cx: ServiceContext<LambdaState>): void {
  const { state, kernel, endpoint } = cx;
  const roles = new Roles(cx);
  const logs = new LogWriter(cx, async ({ arn, name }) => {
    const { account, region } = findArn(arn)!;
    const scope = { account, region };
    const unqualified = functionArn(scope, name);
    const record = state.functions.get([account, region, name]);
    return (await roles.assume(scope, name, record?.latest.role ?? "", unqualified)).principal;
  });
  state.running = {
    roles,
    logs,
    eventSources: new EventSources(cx),
    host: new FunctionHost(kernel, {
      endpoint,
      onLog: (specification, stream, event) => logs.write(specification, stream, event),
    }),
    acceptEvent: kernel.deliveries.register(asyncPolicy(cx)),
    acceptDestination: kernel.deliveries.register(destinationPolicy(cx)),
  };
  state.running.eventSources.startAll();
  for (const [key] of state.provisioned.entries()) {
    const [account, region, name, qualifier] = key as [string, string, string, string];
    void concurrency.provision(state, { account, region }, name, qualifier);
  }
}
