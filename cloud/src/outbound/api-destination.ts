import type { HttpParameters } from "@aws-sdk/client-eventbridge";
import { findArn } from "../aws/arn.ts";
import type { Principal } from "../iam/principal.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { ServiceContext } from "../service.ts";
import { type ApiDestinationRecord, ApiDestinations, type ConnectionRecord } from "./connections.ts";
import { RateLimited, TargetFailure } from "./failure.ts";
import { addConnectionParameters, addParameters, withBody, withPath } from "./http-parameters.ts";
import { isAllowed } from "./permission.ts";
import { type Answer, request, retryAfterOf } from "./request.ts";

/** AWS: "API destinations": requests have a maximum client execution timeout of 5 seconds. */
const TIMEOUT_MS = 5000;
/** AWS: what an API destination answers so is tried again. */
const RETRIED = new Set([401, 407, 409, 429]);

/** @throws TargetFailure NO_RESOURCE */
function findParts(
  destinations: ApiDestinations,
  arnText: string,
): { destination: ApiDestinationRecord; connection: ConnectionRecord } {
  const found = findArn(arnText)!;
  const [, name = "", uuid] = found.resource.split("/");
  const destination = destinations.apiDestinations.get([found.account, found.region, name]);
  if (destination?.uuid !== uuid) throw new TargetFailure("NO_RESOURCE", `${arnText} does not exist.`, false);
  const connection = destinations.connections.get([found.account, found.region, destination!.connection]);
  if (!connection) throw new TargetFailure("NO_RESOURCE", `The connection of ${arnText} does not exist.`, false);
  return { destination: destination!, connection };
}

export interface ApiDestinationCall {
  /** ARN of the API destination. */
  readonly arn: string;
  readonly parameters: HttpParameters;
  /** What paths in the parameters look into. */
  readonly event: unknown;
  /** The text that goes out. */
  readonly input: string;
  /** Its turn under the rate limit has come. */
  readonly hasSlot: boolean;
}

/**
 * Sends a text to an API destination, with the connection's authorization.
 * @param endpoint the cloud's own address
 * @returns the answer, which is one of success
 * @throws RateLimited, TargetFailure
 */
export async function invokeApiDestination(
  kernel: Kernel,
  endpoint: string,
  { arn, parameters, event, input, hasSlot }: ApiDestinationCall,
): Promise<Answer> {
  const destinations = ApiDestinations.of(kernel);
  const { destination, connection } = findParts(destinations, arn);
  if (connection.state === "DEAUTHORIZED" || connection.state === "DEAUTHORIZING")
    throw new TargetFailure("SDK_CLIENT_ERROR", `The connection ${connection.name} is not authorized.`, true);
  if (!hasSlot) {
    const delayMs = destinations.rates.take(arn, destination.ratePerSecond);
    if (delayMs > 0) throw new RateLimited(delayMs);
  }
  const url = new URL(withPath(destination.endpoint, parameters, event));
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Amazon/EventBridge/ApiDestinations",
    range: "bytes=0-1048575",
  });
  addParameters(url, headers, parameters, event);
  addConnectionParameters(url, headers, connection.invocation);
  await destinations.authorize(connection, headers, endpoint);
  const body = withBody(input, connection.invocation.body);
  const answer = await request({ url, method: destination.method, headers, body }, endpoint, TIMEOUT_MS);
  if (answer.status >= 200 && answer.status < 300) return answer;
  if (answer.status === 401 || answer.status === 407) destinations.forget(connection);
  throw new TargetFailure(
    answer.status === 429 ? "THROTTLING" : "ERROR_FROM_TARGET",
    `API destination endpoint responded with status code ${answer.status}.`,
    answer.status >= 500 || RETRIED.has(answer.status),
    retryAfterOf(answer.headers, kernel.clock.now()),
  );
}

/**
 * Asks IAM whether a role may use an API destination: what is sent goes out of AWS, so no service asks.
 * @throws TargetFailure NO_PERMISSIONS
 */
export async function mayInvoke(call: ServiceContext["call"], principal: Principal, arn: string): Promise<void> {
  if (principal.kind !== "role") return;
  if (await isAllowed(call, principal.roleArn, "events:InvokeApiDestination", arn)) return;
  const message = `User: ${principal.arn} is not authorized to perform: events:InvokeApiDestination on resource: ${arn}`;
  throw new TargetFailure("NO_PERMISSIONS", message, false);
}
