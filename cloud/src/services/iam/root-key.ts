import { accessKeyId, accountOfKey, secretAccessKey } from "../../iam/identifiers.ts";
import type { KnownCredentials } from "../../iam/authority.ts";
import { openIamState, type IamState } from "../../iam/state.ts";
import type { Kernel } from "../../kernel/kernel.ts";

/** Long-term credentials, as an SDK client takes them. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/**
 * The access key of an account's root: where signatures are verified, somebody must have the first key. Made once and
 * kept with the data.
 */
export function rootKey(kernel: Kernel, account: string): Credentials {
  const state = openIamState(kernel);
  return kernel.store.transaction(() => {
    let key = state.rootKeys.get([account]);
    if (!key) {
      key = { id: accessKeyId(kernel.random, "AKIA", account), secret: secretAccessKey(kernel.random) };
      state.rootKeys.put([account], key);
    }
    return { accessKeyId: key.id, secretAccessKey: key.secret };
  });
}

/** Undefined where the id is no root's key. */
export function findRootKey(state: IamState, id: string): KnownCredentials | undefined {
  const account = accountOfKey(id);
  const key = account === undefined ? undefined : state.rootKeys.get([account]);
  if (account === undefined || key?.id !== id) return undefined;
  return { principal: { kind: "root", account, accessKeyId: id }, secretAccessKey: key.secret };
}
