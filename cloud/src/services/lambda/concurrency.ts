import type { Scope } from "../../aws/scope.ts";
import { throttled } from "./errors.ts";

/** AWS: "Lambda quotas": concurrent executions of an account in a Region, by default. */
export const ACCOUNT_CONCURRENCY = 1000;
/** AWS: "Configuring reserved concurrency": this much always stays unreserved. */
export const UNRESERVED_MIN = 100;

interface Account {
  /** Requests that run, of functions without reserved concurrency. */
  unreserved: number;
  /** Requests that run, by function. */
  readonly functions: Map<string, number>;
}

/** Counts the requests that run, and refuses those beyond a limit. */
export class Concurrency {
  readonly #accounts = new Map<string, Account>();

  /**
   * @param reserved what the function has reserved; undefined where it takes part in what all share
   * @param reservedOfAll what all functions have reserved together
   * @returns call it when the request is done
   * @throws AwsError TooManyRequestsException
   */
  begin(scope: Scope, name: string, reserved: number | undefined, reservedOfAll: () => number): () => void {
    const key = `${scope.account} ${scope.region}`;
    const account = this.#accounts.get(key) ?? { unreserved: 0, functions: new Map<string, number>() };
    this.#accounts.set(key, account);
    const running = account.functions.get(name) ?? 0;
    if (reserved !== undefined && running >= reserved)
      throw throttled("ReservedFunctionConcurrentInvocationLimitExceeded");
    // Summing up what is reserved is only worth it near the limit.
    if (
      reserved === undefined &&
      account.unreserved >= UNRESERVED_MIN &&
      account.unreserved >= ACCOUNT_CONCURRENCY - reservedOfAll()
    )
      throw throttled("ConcurrentInvocationLimitExceeded");
    account.functions.set(name, running + 1);
    if (reserved === undefined) account.unreserved++;
    return () => {
      account.functions.set(name, (account.functions.get(name) ?? 1) - 1);
      if (reserved === undefined) account.unreserved--;
    };
  }
}
