import type { Clock } from "../kernel/clock.ts";
import type { Kernel } from "../kernel/kernel.ts";
import type { Collection } from "../kernel/store.ts";
import { TargetFailure } from "./failure.ts";
import { addConnectionParameters } from "./http-parameters.ts";
import { type Outbound, request } from "./request.ts";

export interface Parameter {
  readonly key: string;
  readonly value: string;
  readonly isSecret: boolean;
}

export interface Parameters {
  readonly header: readonly Parameter[];
  readonly query: readonly Parameter[];
  readonly body: readonly Parameter[];
}

export type Authorization =
  | { readonly kind: "API_KEY"; readonly name: string; readonly value: string }
  | { readonly kind: "BASIC"; readonly username: string; readonly password: string }
  | {
      readonly kind: "OAUTH_CLIENT_CREDENTIALS";
      readonly clientId: string;
      readonly clientSecret: string;
      readonly endpoint: string;
      readonly method: "GET" | "POST" | "PUT";
      readonly parameters: Parameters;
    };

export interface ConnectionRecord {
  readonly name: string;
  readonly uuid: string;
  readonly secretUuid: string;
  description?: string;
  authorization: Authorization;
  invocation: Parameters;
  state: "AUTHORIZED" | "DEAUTHORIZED" | "AUTHORIZING" | "DEAUTHORIZING";
  reason?: string;
  readonly createdMs: number;
  modifiedMs: number;
  authorizedMs?: number;
}

export interface ApiDestinationRecord {
  readonly name: string;
  readonly uuid: string;
  description?: string;
  connection: string;
  endpoint: string;
  method: string;
  ratePerSecond: number;
  readonly createdMs: number;
  modifiedMs: number;
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

type OAuth = Extract<Authorization, { kind: "OAUTH_CLIENT_CREDENTIALS" }>;

const TOKEN_TIMEOUT_MS = 5000;
/** A token that ends this soon is not used any more. */
const MARGIN_MS = 60_000;

const all = new WeakMap<Kernel, ApiDestinations>();

/**
 * API destinations and their connections: EventBridge keeps them, rules and pipes send to them. Connections give requests
 * keys, passwords, and tokens that are fetched once and kept while they are good.
 */
export class ApiDestinations {
  /** account, Region, name */
  readonly connections: Collection<ConnectionRecord>;
  readonly apiDestinations: Collection<ApiDestinationRecord>;
  readonly rates: Rates;
  readonly #tokens = new Map<string, { readonly header: string; readonly untilMs: number }>();

  /** One for each kernel. */
  static of(kernel: Kernel): ApiDestinations {
    let found = all.get(kernel);
    if (!found) all.set(kernel, (found = new ApiDestinations(kernel)));
    return found;
  }

  private constructor(private readonly kernel: Kernel) {
    this.connections = kernel.store.collection("events.connections");
    this.apiDestinations = kernel.store.collection("events.apiDestinations");
    this.rates = new Rates(kernel.clock);
  }

  /** @param endpoint the cloud's own address. @throws TargetFailure where no token can be had */
  async authorize(connection: ConnectionRecord, headers: Headers, endpoint: string): Promise<void> {
    const { authorization } = connection;
    if (authorization.kind === "API_KEY") headers.set(authorization.name, authorization.value);
    else if (authorization.kind === "BASIC") {
      const text = `${authorization.username}:${authorization.password}`;
      headers.set("authorization", `Basic ${Buffer.from(text).toString("base64")}`);
    } else headers.set("authorization", await this.#token(connection.uuid, authorization, endpoint));
  }

  /** The server does not take the token any more. */
  forget(connection: ConnectionRecord): void {
    this.#tokens.delete(connection.uuid);
  }

  async #token(uuid: string, authorization: OAuth, endpoint: string): Promise<string> {
    const { clock } = this.kernel;
    const known = this.#tokens.get(uuid);
    if (known && known.untilMs > clock.now()) return known.header;
    const answer = await request(tokenRequest(authorization), endpoint, TOKEN_TIMEOUT_MS);
    if (answer.status < 200 || answer.status > 299)
      throw new TargetFailure(
        "SDK_CLIENT_ERROR",
        `Failed to get an access token: the authorization endpoint answered ${answer.status}.`,
        answer.status >= 500 || answer.status === 429,
      );
    const { access_token: token, token_type: type, expires_in: seconds } = readToken(answer.text);
    const header = `${type === undefined || /^bearer$/i.test(type) ? "Bearer" : type} ${token}`;
    const untilMs = seconds === undefined ? Infinity : clock.now() + seconds * 1000 - MARGIN_MS;
    this.#tokens.set(uuid, { header, untilMs });
    return header;
  }
}

/**
 * AWS: "OAuth client credentials grant": client id and secret go with the connection's OAuth parameters, as the form or,
 * with GET, in the query. `grant_type` is one of these parameters, as the user gives it.
 */
function tokenRequest({ clientId, clientSecret, endpoint, method, parameters }: OAuth): Outbound {
  const url = new URL(endpoint);
  const headers = new Headers();
  addConnectionParameters(url, headers, parameters);
  const fields: [string, string][] = [
    ["client_id", clientId],
    ["client_secret", clientSecret],
    ...parameters.body.map(({ key, value }): [string, string] => [key, value]),
  ];
  if (method === "GET") {
    for (const [name, value] of fields) url.searchParams.set(name, value);
    return { url, method, headers };
  }
  const isJson = headers.get("content-type")?.includes("json") ?? false;
  if (!isJson) headers.set("content-type", "application/x-www-form-urlencoded");
  const body = isJson ? JSON.stringify(Object.fromEntries(fields)) : new URLSearchParams(fields).toString();
  return { url, method, headers, body };
}

interface Token {
  access_token: string;
  token_type?: string;
  expires_in?: number;
}

function readToken(text: string): Token {
  try {
    const token = JSON.parse(text) as Token;
    if (typeof token.access_token === "string") return { ...token, ...secondsOf(token.expires_in) };
  } catch {
    // Told below.
  }
  throw new TargetFailure("SDK_CLIENT_ERROR", "The authorization endpoint answered no access_token.", false);
}

function secondsOf(value: unknown): { expires_in?: number } {
  const seconds = Number(value);
  return value !== undefined && Number.isFinite(seconds) ? { expires_in: seconds } : {};
}
