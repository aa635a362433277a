import { executeArn } from "../../../gateway/arn.ts";
import type { Cx } from "../gateway.ts";
import type { Exchange } from "./exchange.ts";
import { logLine } from "./log-format.ts";

/** AWS: who writes access logs, by the resource policy that API Gateway sets up. */
const WRITER = "delivery.logs.amazonaws.com";

/** Notes a finished exchange in its stage's access log. Returns at once. */
export function writeAccessLog(cx: Cx, exchange: Exchange): void {
  const { log, api, record, scope } = exchange.stage;
  const sourceArn = executeArn(scope, api.ApiId, record.StageName);
  const target = {
    logGroupName: log!.logGroupName,
    logStreamName: `${api.ApiId}/${record.StageName}`,
    as: { kind: "service", service: WRITER, sourceArn, sourceAccount: scope.account } as const,
    scope,
  };
  cx.state.accessLogs.write(cx, target, {
    timestamp: exchange.request.timeMs,
    message: logLine(log!.format, exchange),
  });
}
