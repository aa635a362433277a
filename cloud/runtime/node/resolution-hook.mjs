import { pathToFileURL } from "node:url";

/**
 * Module resolution for `import`, run by Node in a thread of its own (before Node 22.15): where the usual directories have
 * no such package, the ones of the runtime are searched, as Lambda does by NODE_PATH.
 */

/** @type {Int32Array | undefined} */
let length;
/** @type {Uint8Array | undefined} */
let text;

/** @param {{ shared: SharedArrayBuffer }} data */
export function initialize({ shared }) {
  length = new Int32Array(shared, 0, 1);
  text = new Uint8Array(shared, 4);
}

/**
 * @param {string} specifier
 * @param {object} context
 * @param {(specifier: string, context?: object) => Promise<unknown>} nextResolve
 */
export async function resolve(specifier, context, nextResolve) {
  try {
    return await nextResolve(specifier, context);
  } catch (error) {
    for (const parentURL of fallbackParents(specifier, error, directories())) {
      try {
        return await nextResolve(specifier, { ...context, parentURL });
      } catch {
        // The next directory may have it.
      }
    }
    throw error;
  }
}

/**
 * The addresses of imagined modules beside the `node_modules` directories that may be searched for a specifier.
 * @param {string} specifier
 * @param {unknown} error
 * @param {string[]} searched
 */
export function fallbackParents(specifier, error, searched) {
  const bare = /^(@[^/]+\/)?[a-z0-9_-]/i.test(specifier) && !specifier.includes(":");
  if (!bare || /** @type {NodeJS.ErrnoException} */ (error).code !== "ERR_MODULE_NOT_FOUND") return [];
  return searched.map((directory) => pathToFileURL(`${directory}/../_.mjs`).href);
}

/** @returns {string[]} */
function directories() {
  if (!length || !text) return [];
  const bytes = Atomics.load(length, 0);
  return bytes === 0 ? [] : JSON.parse(Buffer.from(text.slice(0, bytes)).toString("utf8"));
}
