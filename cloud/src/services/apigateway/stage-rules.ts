import type { MethodSetting } from "@aws-sdk/client-api-gateway";
import { NotEmulatedError } from "../../aws/error.ts";
import { logGroupOf } from "../../gateway/log-writer.ts";
import { badRequest } from "./errors.ts";
import type { Cx } from "./gateway.ts";
import type { StageRecord } from "./state.ts";

export const STAGE_NAME = /^\w{1,128}$/;
const STAGE_NAME_DASH = /^[\w-]{1,128}$/;
const VARIABLE_NAME = /^\w{1,64}$/;
const VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,@]{0,512}$/;

interface Refused {
  cacheClusterEnabled?: boolean | undefined;
  cacheClusterSize?: string | undefined;
  canarySettings?: unknown;
  documentationVersion?: string | undefined;
  clientCertificateId?: string | undefined;
}

/** @throws NotEmulatedError */
export function refuseStageSettings(stage: Refused): void {
  if (stage.cacheClusterEnabled) throw new NotEmulatedError("response caching of REST APIs (cacheClusterEnabled)");
  if (stage.canarySettings !== undefined) throw new NotEmulatedError("canary releases of REST APIs (canarySettings)");
  if (stage.documentationVersion)
    throw new NotEmulatedError("documentation versions of REST APIs (documentationVersion)");
  if (stage.clientCertificateId) throw new NotEmulatedError("client certificates of REST APIs (clientCertificateId)");
}

/**
 * What is the same when a stage is made and when it is changed.
 * @throws AwsError BadRequestException; NotEmulatedError
 */
export function checkStage(cx: Cx, stage: StageRecord): void {
  refuseStageSettings(stage);
  if (!STAGE_NAME_DASH.test(stage.stageName)) throw badRequest("Stage name only allows a-zA-Z0-9_");
  for (const [name, value] of Object.entries(stage.variables ?? {})) {
    if (!VARIABLE_NAME.test(name))
      throw badRequest(`Stage variable name '${name}' must be alphanumeric characters and underscores`);
    if (!VARIABLE_VALUE.test(value))
      throw badRequest(`Stage variable value for ${name} contains characters that are not allowed: ${value}`);
  }
  const isLogging = Object.values(stage.methodSettings ?? {}).some(
    ({ loggingLevel, dataTraceEnabled }) => dataTraceEnabled || (loggingLevel !== undefined && loggingLevel !== "OFF"),
  );
  for (const setting of Object.values(stage.methodSettings ?? {})) checkSetting(setting);
  const log = stage.accessLogSettings;
  if (log?.destinationArn !== undefined || log?.format !== undefined) checkAccessLog(log);
  const { account, region } = cx.scope;
  if ((isLogging || log?.destinationArn !== undefined) && !cx.state.apis.logRoles.has([account, region]))
    throw badRequest("CloudWatch Logs role ARN must be set in account settings to enable logging");
}

function checkSetting({
  loggingLevel,
  cachingEnabled,
  throttlingBurstLimit = 0,
  throttlingRateLimit = 0,
}: MethodSetting): void {
  if (cachingEnabled) throw new NotEmulatedError("response caching of REST APIs (cachingEnabled)");
  if (loggingLevel !== undefined && !["OFF", "ERROR", "INFO"].includes(loggingLevel))
    throw badRequest("Invalid logging level specified: Must be one of [OFF, ERROR, INFO]");
  if (throttlingBurstLimit < -1 || throttlingRateLimit < -1) throw badRequest("Throttling limits must not be negative");
}

function checkAccessLog({ destinationArn, format }: NonNullable<StageRecord["accessLogSettings"]>): void {
  if (destinationArn?.includes(":firehose:")) throw new NotEmulatedError("access logs to Firehose");
  if (destinationArn !== undefined && logGroupOf(destinationArn) === undefined)
    throw badRequest("Invalid ARN specified in the request. ARNs must start with 'arn:' and name a log group");
  if (format === undefined) return;
  if (!/\$context\.(?:requestId|extendedRequestId)\b/.test(format))
    throw badRequest("Access Log format must contain at least $context.requestId or $context.extendedRequestId");
  if (/\n./s.test(format))
    throw badRequest("Access Log format must be single line, new line character is allowed only at end of the format");
}
