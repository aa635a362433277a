import type { Scope } from "../../aws/scope.ts";
import type { LambdaState, UrlRecord } from "./state.ts";
import { scopeKey } from "./state.ts";

/** AWS: lower-case letters and digits. */
export const URL_ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
export const URL_ID_LENGTH = 32;

export function findUrl(state: LambdaState, urlId: string): UrlRecord | undefined {
  const key = state.urlIds.get([urlId]);
  return key && state.urls.get(key);
}

/** Takes away the URLs of a function, or of one of its aliases. */
export function removeUrls(state: LambdaState, scope: Scope, name: string, qualifier?: string): void {
  const key = [...scopeKey(scope), name, ...(qualifier === undefined ? [] : [qualifier])];
  for (const { urlId } of Array.from(state.urls.values({ prefix: key }))) state.urlIds.remove([urlId]);
  state.urls.clear({ prefix: key });
}
