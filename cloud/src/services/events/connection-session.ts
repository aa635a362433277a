import type { Scope } from "../../aws/scope.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import { Rates } from "./api-destination.ts";
import { TargetFailure } from "./failure.ts";
import { addConnectionParameters } from "./http-parameters.ts";
import { type Outbound, request } from "./outbound.ts";
import { type Authorization, type ConnectionRecord, type Context, scopeKey } from "./state.ts";

type OAuth = Extract<Authorization, { kind: "OAUTH_CLIENT_CREDENTIALS" }>;

const TOKEN_TIMEOUT_MS = 5000;
/** A token that ends this soon is not used any more. */
const MARGIN_MS = 60_000;
const TRIES = 3;

/** What connections give to requests: keys, passwords, and tokens that are fetched once and kept while they are good. */
export class Connections {
  readonly #tokens = new Map<string, { readonly header: string; readonly untilMs: number }>();

  readonly rates: Rates;

  constructor(private readonly cx: Context) {
    this.rates = new Rates(cx.kernel.clock);
  }

  /** @throws TargetFailure where no token can be had */
  async authorize(connection: ConnectionRecord, headers: Headers): Promise<void> {
    const { authorization } = connection;
    if (authorization.kind === "API_KEY") headers.set(authorization.name, authorization.value);
    else if (authorization.kind === "BASIC") {
      const text = `${authorization.username}:${authorization.password}`;
      headers.set("authorization", `Basic ${Buffer.from(text).toString("base64")}`);
    } else headers.set("authorization", await this.#token(connection.uuid, authorization));
  }

  /** The server does not take the token any more. */
  forget(connection: ConnectionRecord): void {
    this.#tokens.delete(connection.uuid);
  }

  async #token(uuid: string, authorization: OAuth): Promise<string> {
    const { clock } = this.cx.kernel;
    const known = this.#tokens.get(uuid);
    if (known && known.untilMs > clock.now()) return known.header;
    const answer = await request(tokenRequest(authorization), this.cx.endpoint(), TOKEN_TIMEOUT_MS);
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

/** Has new and changed connections authorized: with OAuth their first token decides, the others are taken as they are. */
export function startAuthorizing(cx: Context): void {
  const { state, kernel } = cx;
  const find = ({ account, region, name }: Scope & { name: string }) =>
    state.connections.get([...scopeKey({ account, region }), name]);
  const note = (scope: Scope & { name: string }, change: Partial<ConnectionRecord>) => {
    const record = find(scope);
    if (record?.state === "AUTHORIZING")
      state.connections.put([...scopeKey(scope), scope.name], { ...record, ...change });
  };
  state.authorizeLater = kernel.deliveries.register<Scope & { name: string }>({
    name: "events.connection-authorization",
    async attempt({ payload }) {
      const record = find(payload);
      if (record?.state !== "AUTHORIZING") return;
      state.sessions.forget(record);
      try {
        await state.sessions.authorize(record, new Headers());
      } catch (error) {
        if (error instanceof TargetFailure && !error.retriable) throw new Undeliverable(error.message);
        throw error;
      }
      note(payload, { state: "AUTHORIZED", authorizedMs: kernel.clock.now() });
    },
    retryAfterMs: (_error, { failures }) => (failures < TRIES ? 1000 * 2 ** failures : undefined),
    exhausted: async ({ payload }, error) => {
      note(payload, { state: "DEAUTHORIZED", reason: error instanceof Error ? error.message : String(error) });
    },
  });
}
