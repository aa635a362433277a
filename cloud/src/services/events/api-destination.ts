import { arn, findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Clock } from "../../kernel/clock.ts";
import type { Dispatch } from "./dispatch.ts";
import { RateLimited, TargetFailure } from "./failure.ts";
import { addConnectionParameters, addParameters, withBody, withPath } from "./http-parameters.ts";
import { request, retryAfterOf } from "./outbound.ts";
import { type ApiDestinationRecord, type ConnectionRecord, type Context, type EventsState, scopeKey } from "./state.ts";
import type { Sent } from "./targets.ts";

/** AWS: "API destinations": requests have a maximum client execution timeout of 5 seconds. */
const TIMEOUT_MS = 5000;
/** AWS: what an API destination answers so is tried again. */
const RETRIED = new Set([401, 407, 409, 429]);

export function apiDestinationArn(scope: Scope, { name, uuid }: Pick<ApiDestinationRecord, "name" | "uuid">): string {
  return arn("events", scope, `api-destination/${name}/${uuid}`);
}

export function connectionArn(scope: Scope, { name, uuid }: Pick<ConnectionRecord, "name" | "uuid">): string {
  return arn("events", scope, `connection/${name}/${uuid}`);
}

/** How many requests a second an API destination may get, counted by the second. */
export class Rates {
  readonly #used = new Map<string, { second: number; count: number }>();

  constructor(private readonly clock: Clock) {}

  /** Takes the next place that is free. @returns milliseconds until then */
  take(arnText: string, ratePerSecond: number): number {
    const now = this.clock.now();
    const second = Math.floor(now / 1000);
    let used = this.#used.get(arnText);
    if (!used || used.second < second) used = { second, count: 0 };
    if (used.count >= ratePerSecond) used = { second: used.second + 1, count: 0 };
    used.count += 1;
    this.#used.set(arnText, used);
    return Math.max(0, used.second * 1000 - now);
  }
}

/** @throws TargetFailure NO_RESOURCE */
function findParts(
  state: EventsState,
  arnText: string,
): { destination: ApiDestinationRecord; connection: ConnectionRecord } {
  const found = findArn(arnText)!;
  const [, name = "", uuid] = found.resource.split("/");
  const destination = state.apiDestinations.get([...scopeKey(found), name]);
  if (destination?.uuid !== uuid) throw new TargetFailure("NO_RESOURCE", `${arnText} does not exist.`, false);
  const connection = state.connections.get([...scopeKey(found), destination!.connection]);
  if (!connection) throw new TargetFailure("NO_RESOURCE", `The connection of ${arnText} does not exist.`, false);
  return { destination: destination!, connection };
}

/**
 * Sends what a target is to get to an API destination, with the connection's authorization.
 * @throws RateLimited, TargetFailure
 */
export async function invokeApiDestination(cx: Context, rates: Rates, dispatch: Dispatch, sent: Sent): Promise<void> {
  const { state, kernel } = cx;
  const { target } = dispatch;
  const { destination, connection } = findParts(state, target.Arn!);
  if (connection.state === "DEAUTHORIZED" || connection.state === "DEAUTHORIZING")
    throw new TargetFailure("SDK_CLIENT_ERROR", `The connection ${connection.name} is not authorized.`, true);
  if (dispatch.slotMs === undefined) {
    const delayMs = rates.take(target.Arn!, destination.ratePerSecond);
    if (delayMs > 0) throw new RateLimited(delayMs);
  }
  delete dispatch.slotMs;
  const parameters = target.HttpParameters ?? {};
  const url = new URL(withPath(destination.endpoint, parameters, sent.event));
  const headers = new Headers({
    "content-type": "application/json; charset=utf-8",
    "user-agent": "Amazon/EventBridge/ApiDestinations",
    range: "bytes=0-1048575",
  });
  addParameters(url, headers, parameters, sent.event);
  addConnectionParameters(url, headers, connection.invocation);
  await state.sessions.authorize(connection, headers);
  const body = withBody(sent.input, connection.invocation.body);
  const answer = await request({ url, method: destination.method, headers, body }, cx.endpoint(), TIMEOUT_MS);
  if (answer.status >= 200 && answer.status < 300) return;
  if (answer.status === 401 || answer.status === 407) state.sessions.forget(connection);
  throw new TargetFailure(
    answer.status === 429 ? "THROTTLING" : "ERROR_FROM_TARGET",
    `API destination endpoint responded with status code ${answer.status}.`,
    answer.status >= 500 || RETRIED.has(answer.status),
    retryAfterOf(answer.headers, kernel.clock.now()),
  );
}

/** @throws NotEmulatedError for connections into private networks */
export function refusePrivate(given: object | undefined): void {
  if (given !== undefined) throw new NotEmulatedError("connections to private APIs (ConnectivityParameters)");
}
