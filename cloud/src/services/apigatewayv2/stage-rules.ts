import type { AccessLogSettings, RouteSettings } from "@aws-sdk/client-apigatewayv2";
import type { Input } from "../../aws/api-types.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { badRequest, unknownRouteSettings } from "./errors.ts";
import { logGroupOf } from "../../gateway/log-writer.ts";
import { namesRequestId } from "./execute/log-format.ts";
import type { Cx } from "./gateway.ts";
import { getDeployment, refuseForHttp } from "./lookup.ts";
import type { ApiRecord } from "./state.ts";

/** AWS: "Quotas for configuring and running an HTTP API". */
const VARIABLES_MAX = 100;
const VARIABLE_NAME = /^\w{1,64}$/;
const VARIABLE_VALUE = /^[A-Za-z0-9\-._~:/?#&=,@]{0,512}$/;
const FORMAT_BYTES_MAX = 3 * 1024;

/**
 * What is the same when a stage is made and when it is changed.
 * @throws AwsError BadRequestException, NotFoundException; NotEmulatedError
 */
export function checkStage(cx: Cx, api: ApiRecord, stage: Partial<Input<"apigatewayv2", "CreateStage">>): void {
  refuseForHttp(stage, ["ClientCertificateId"]);
  const { StageName = "", AutoDeploy, DeploymentId, RouteSettings: byRoute = {}, StageVariables = {} } = stage;
  if (!/^(?:\$default|[\w-]{1,128})$/.test(StageName))
    throw badRequest(
      "Stage name must be $default or consist of at most 128 alphanumeric characters, hyphens and underscores",
    );
  if (AutoDeploy && DeploymentId !== undefined)
    throw badRequest("DeploymentId cannot be specified for a stage that has AutoDeploy enabled");
  if (DeploymentId !== undefined) getDeployment(cx, api, DeploymentId);
  if (stage.DefaultRouteSettings) checkSettings(stage.DefaultRouteSettings);
  const routeKeys = new Set([...cx.state.apis.routes.values({ prefix: [api.ApiId] })].map((route) => route.RouteKey));
  for (const [routeKey, settings] of Object.entries(byRoute)) {
    if (!routeKeys.has(routeKey)) throw unknownRouteSettings(routeKey);
    checkSettings(settings);
  }
  checkVariables(StageVariables);
  if (stage.AccessLogSettings) checkAccessLog(stage.AccessLogSettings);
}

function checkSettings({
  DataTraceEnabled,
  LoggingLevel,
  DetailedMetricsEnabled,
  ThrottlingBurstLimit,
  ThrottlingRateLimit,
}: RouteSettings): void {
  if (DataTraceEnabled || (LoggingLevel !== undefined && LoggingLevel !== "OFF"))
    throw badRequest("Execution logs are not supported on protocolType HTTP");
  if (DetailedMetricsEnabled) throw new NotEmulatedError("detailed metrics of HTTP APIs (DetailedMetricsEnabled)");
  if ((ThrottlingBurstLimit ?? 0) < 0 || (ThrottlingRateLimit ?? 0) < 0)
    throw badRequest("Throttling limits must not be negative");
}

function checkVariables(variables: Readonly<Record<string, string>>): void {
  const entries = Object.entries(variables);
  if (entries.length > VARIABLES_MAX) throw badRequest(`A stage may have at most ${VARIABLES_MAX} stage variables`);
  for (const [name, value] of entries) {
    if (!VARIABLE_NAME.test(name))
      throw badRequest(`Invalid stage variable name: ${name}. Use at most 64 alphanumeric characters and underscores`);
    if (!VARIABLE_VALUE.test(value))
      throw badRequest(
        `Stage variable value for ${name} must match the regular expression [A-Za-z0-9-._~:/?#&=,]+ and have at most 512 characters`,
      );
  }
}

function checkAccessLog({ DestinationArn, Format }: AccessLogSettings): void {
  if (DestinationArn === undefined || Format === undefined)
    throw badRequest("Both DestinationArn and Format are required in AccessLogSettings");
  if (DestinationArn.includes(":firehose:")) throw new NotEmulatedError("access logs to Firehose");
  if (logGroupOf(DestinationArn) === undefined)
    throw badRequest(
      `Invalid ARN specified in the request. ARNs must start with 'arn:' and name a log group: ${DestinationArn}`,
    );
  if (/\n./s.test(Format))
    throw badRequest("Access Log format must be single line, new line character is allowed only at end of the format");
  if (!namesRequestId(Format))
    throw badRequest("Access Log format must contain at least $context.requestId or $context.extendedRequestId");
  if (Buffer.byteLength(Format) > FORMAT_BYTES_MAX)
    throw badRequest(`Access Log format must have at most ${FORMAT_BYTES_MAX} bytes`);
}
