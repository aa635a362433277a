/** `ClientRequestToken`: a transaction sent twice within ten minutes is done once. */
import { createHash } from "node:crypto";
import { tokenMismatch } from "./errors.ts";
import type { Cx } from "./request.ts";

const LIFE_MS = 10 * 60_000;
/** How many old tokens go with each new one. */
const SWEEP = 10;

/**
 * Whether a transaction of this token was done already.
 * @throws IdempotentParameterMismatchException where it was another one
 */
export function isReplay(cx: Cx, token: string | undefined, actions: unknown): boolean {
  if (token === undefined) return false;
  const known = cx.state.tokens.get([cx.scope.account, cx.scope.region, token]);
  if (!known || known.atMs <= cx.kernel.clock.now() - LIFE_MS) return false;
  if (known.digest !== digestOf(actions)) throw tokenMismatch();
  return true;
}

/** Remembers a transaction that was done. */
export function rememberToken(cx: Cx, token: string | undefined, actions: unknown): void {
  if (token === undefined) return;
  const { tokens, tokenTimes } = cx.state;
  const now = cx.kernel.clock.now();
  const old = Array.from(tokenTimes.keys({ to: [now - LIFE_MS], limit: SWEEP }));
  for (const time of old) {
    tokenTimes.remove(time);
    const key = time.slice(1);
    if (tokens.get(key)?.atMs === time[0]) tokens.remove(key);
  }
  const key = [cx.scope.account, cx.scope.region, token];
  tokens.put(key, { digest: digestOf(actions), atMs: now });
  tokenTimes.put([now, ...key], true);
}

function digestOf(actions: unknown): string {
  return createHash("sha256").update(JSON.stringify(actions)).digest("base64");
}
