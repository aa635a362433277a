import { executeArn } from "../../../gateway/arn.ts";
import type { Exchange } from "./exchange.ts";

/** What a request is asked about: `arn:aws:execute-api:REGION:ACCOUNT:API/STAGE/METHOD/path`. */
export function requestArn({ stage, request }: Exchange): string {
  return executeArn(stage.scope, stage.api.id, stage.record.stageName, request.method) + request.path;
}
