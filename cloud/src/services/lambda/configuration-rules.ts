import { NotEmulatedError } from "../../aws/error.ts";
import { findArn } from "../../aws/arn.ts";
import type { Input } from "../../aws/api-types.ts";
import { refusalOf } from "../../functions/runtimes.ts";
import { RESERVED_VARIABLES } from "../../functions/variables.ts";
import type { CallContext } from "../../service.ts";
import { invalidParameter, validation } from "./errors.ts";
import { readLayerArn } from "./layer.ts";
import { scopeKey, type LambdaState, type VersionRecord } from "./state.ts";

/** AWS: "Lambda quotas". */
const TIMEOUT_SECONDS_MAX = 900;
const MEMORY_MB_MAX = 10_240;
const STORAGE_MB_MAX = 10_240;
const VARIABLES_BYTES_MAX = 4096;
const LAYERS_MAX = 5;
/** AWS: "Lambda runtimes", deprecated: neither created nor updated any more. */
const DEPRECATED =
  /^(nodejs|nodejs4\.3|nodejs4\.3-edge|nodejs(6\.10|8\.10|10\.x|12\.x|14\.x|16\.x)|python(2\.7|3\.[67])|ruby2\.[57]|java8|dotnetcore[\d.]+|go1\.x|provided)$/;
const CURRENT = "nodejs22.x";

type ConfigurationInput = Partial<Omit<Input<"lambda", "CreateFunction">, "Code" | "FunctionName">>;

/** What has no counterpart here: refused by name rather than ignored. */
const REFUSED = [
  "KMSKeyArn",
  "FileSystemConfigs",
  "CodeSigningConfigArn",
  "ImageConfig",
  "TenancyConfig",
  "CapacityProviderConfig",
  "DurableConfig",
  "PublishTo",
] as const;

/** Container images need a container engine; what to do instead. */
export const IMAGE_REFUSAL =
  "PackageType=Image: functions run from zip archives and directories here. Package the same code as a zip archive " +
  "(runtimes nodejs*, python*, or a bootstrap for provided.al2023), or test the image on AWS";

/** @throws NotEmulatedError for what cannot be honoured here */
export function refuseUnsupported(input: ConfigurationInput, operation: string): void {
  const refuse = (what: string) => {
    throw new NotEmulatedError(`the parameter ${what} of lambda:${operation}`);
  };
  for (const name of REFUSED) {
    const value: unknown = input[name];
    if (value !== undefined && !(value === "" || (Array.isArray(value) && value.length === 0))) refuse(name);
  }
  const { SubnetIds = [], SecurityGroupIds = [] } = input.VpcConfig ?? {};
  if (SubnetIds.length + SecurityGroupIds.length > 0) refuse("VpcConfig");
  if (input.SnapStart?.ApplyOn === "PublishedVersions") refuse("SnapStart.ApplyOn=PublishedVersions");
  if (input.PackageType === "Image") refuse(IMAGE_REFUSAL);
}

/**
 * What a request changes of a configuration, checked.
 * @throws AwsError in Lambda's words
 */
export function readConfiguration(
  cx: CallContext<LambdaState>,
  name: string,
  input: ConfigurationInput,
): Partial<VersionRecord> {
  const changes: Partial<VersionRecord> = {};
  if (input.Runtime !== undefined) changes.runtime = readRuntime(input.Runtime);
  if (input.Role !== undefined) changes.role = input.Role;
  if (input.Handler !== undefined) changes.handler = input.Handler;
  if (input.Description !== undefined) changes.description = input.Description;
  if (input.Timeout !== undefined) changes.timeoutSeconds = atMost("timeout", input.Timeout, TIMEOUT_SECONDS_MAX);
  if (input.MemorySize !== undefined) changes.memoryMb = atMost("memorySize", input.MemorySize, MEMORY_MB_MAX);
  if (input.EphemeralStorage?.Size !== undefined)
    changes.ephemeralStorageMb = atMost("ephemeralStorage.size", input.EphemeralStorage.Size, STORAGE_MB_MAX);
  if (input.Environment !== undefined) Object.assign(changes, readVariables(input.Environment.Variables));
  if (input.Layers !== undefined) changes.layers = readLayers(cx, input.Layers);
  if (input.DeadLetterConfig !== undefined) Object.assign(changes, readDeadLetter(input.DeadLetterConfig.TargetArn));
  if (input.TracingConfig?.Mode !== undefined) changes.tracing = input.TracingConfig.Mode;
  if (input.Architectures !== undefined) changes.architecture = input.Architectures[0] ?? "x86_64";
  if (input.LoggingConfig !== undefined) changes.logging = readLogging(name, input.LoggingConfig);
  return changes;
}

export function defaultLogGroup(name: string): string {
  return `/aws/lambda/${name}`;
}

function readRuntime(runtime: string): string {
  if (DEPRECATED.test(runtime))
    throw invalidParameter(
      `The runtime parameter of ${runtime} is no longer supported for creating or updating AWS Lambda functions. We recommend you use a supported runtime (${CURRENT}) while creating or updating functions.`,
    );
  const refusal = refusalOf(runtime);
  if (refusal !== undefined) throw new NotEmulatedError(`the runtime ${runtime}: ${refusal}`);
  return runtime;
}

function atMost(member: string, value: number, max: number): number {
  if (value > max)
    throw validation(
      `1 validation error detected: Value '${value}' at '${member}' failed to satisfy constraint: Member must have value less than or equal to ${max}`,
    );
  return value;
}

function readVariables(variables: Record<string, string> | undefined): Partial<VersionRecord> {
  // AWS: an empty map takes all variables away.
  if (!variables || Object.keys(variables).length === 0) return { variables: undefined as never };
  const reserved = Object.keys(variables).filter((key) => RESERVED_VARIABLES.has(key));
  if (reserved.length > 0)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided contains reserved keys that are currently not supported for modification. Reserved keys used in this request: ${reserved.join(", ")}`,
    );
  const measured = JSON.stringify(variables);
  if (Buffer.byteLength(measured) > VARIABLES_BYTES_MAX)
    throw invalidParameter(
      `Lambda was unable to configure your environment variables because the environment variables you have provided exceeded the 4KB limit. String measured: ${measured}`,
    );
  return { variables };
}

function readDeadLetter(target: string | undefined): Partial<VersionRecord> {
  if (!target) return { deadLetterArn: undefined as never };
  const service = findArn(target)?.service;
  if (service !== "sqs" && service !== "sns")
    throw invalidParameter(
      `The provided target arn ${target} is not valid. DeadLetterConfig takes an SQS queue or an SNS topic.`,
    );
  return { deadLetterArn: target };
}

function readLogging(name: string, given: NonNullable<ConfigurationInput["LoggingConfig"]>): VersionRecord["logging"] {
  const format = given.LogFormat ?? "Text";
  if (format === "Text" && (given.ApplicationLogLevel !== undefined || given.SystemLogLevel !== undefined))
    throw invalidParameter("To configure log level, the log format must be set to JSON.");
  return {
    group: given.LogGroup ?? defaultLogGroup(name),
    format,
    ...(given.ApplicationLogLevel ? { applicationLevel: given.ApplicationLogLevel } : {}),
    ...(given.SystemLogLevel ? { systemLevel: given.SystemLogLevel } : {}),
  };
}

function readLayers({ state, scope }: CallContext<LambdaState>, arns: readonly string[]): VersionRecord["layers"] {
  if (arns.length > LAYERS_MAX) throw invalidParameter("Cannot reference more than 5 layers.");
  const names = new Set<string>();
  return arns.map((arn) => {
    const layer = readLayerArn(arn);
    if (!layer || layer.version === undefined) throw invalidParameter(`Layer version ${arn} does not exist.`);
    if (layer.scope.account !== scope.account)
      throw new NotEmulatedError(`layers of other accounts (${arn}): publish its content as a layer of your own here`);
    const record = state.layerVersions.get([...scopeKey(layer.scope), layer.name, layer.version]);
    if (!record || layer.scope.region !== scope.region) throw invalidParameter(`Layer version ${arn} does not exist.`);
    if (names.has(layer.name))
      throw invalidParameter(
        `Two different versions of the same layer are not allowed to be referenced in the same function. ${arn}`,
      );
    names.add(layer.name);
    if (record.extensions?.length)
      throw new NotEmulatedError(
        `external extensions (${record.extensions.map((name) => `/opt/extensions/${name}`).join(", ")} of the layer ${arn}): leave the layer out here`,
      );
    return { arn, sha256: record.sha256, bytes: record.bytes };
  });
}
