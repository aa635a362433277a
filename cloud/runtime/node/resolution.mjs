import module from "node:module";
import { fallbackParents } from "./resolution-hook.mjs";

/** Room for the names of the directories. */
const SHARED_BYTES = 64 * 1024;

/**
 * @typedef {(specifier: string, context: object, next: (specifier: string, context?: object) => unknown) => unknown} SyncResolve
 * @typedef {{ registerHooks?: (hooks: { resolve: SyncResolve }) => void }} WithHooks
 */

/**
 * Prepares `import` to search more directories. On older Nodes this costs 35 ms and a thread, so a process of the pool
 * does it ahead of time.
 * @returns {(directories: string[]) => void} says which
 */
export function prepareImportFallback() {
  /** @type {string[]} */
  let searched = [];
  const { registerHooks } = /** @type {WithHooks} */ (/** @type {unknown} */ (module));
  if (registerHooks) {
    registerHooks({
      resolve(specifier, context, next) {
        try {
          return next(specifier, context);
        } catch (error) {
          for (const parentURL of fallbackParents(specifier, error, searched)) {
            try {
              return next(specifier, { ...context, parentURL });
            } catch {
              // The next directory may have it.
            }
          }
          throw error;
        }
      },
    });
    return (directories) => {
      searched = directories;
    };
  }
  const shared = new SharedArrayBuffer(SHARED_BYTES);
  module.register("./resolution-hook.mjs", import.meta.url, { data: { shared } });
  return (directories) => {
    const bytes = Buffer.from(JSON.stringify(directories));
    new Uint8Array(shared, 4).set(bytes);
    Atomics.store(new Int32Array(shared, 0, 1), 0, bytes.length);
  };
}
