import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import {
  HandlerNotFound,
  ImportModuleError,
  MalformedHandlerName,
  MalformedStreamingHandler,
  UserCodeSyntaxError,
} from "./errors.mjs";

/**
 * Finds and loads a handler as Lambda's Node.js runtime does: `dir/file.export.nested`; without extension, `.js`
 * (CommonJS, or a module where package.json says so), `.mjs`, `.cjs`, then as a package name.
 */

/** @typedef {(...args: unknown[]) => unknown} Handler */
/** @typedef {{ handler: Handler, streaming: boolean, highWaterMark: number | undefined }} LoadedHandler */

const require = createRequire(import.meta.url);
const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER_MARK = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");
const STREAM_RESPONSE = "response";

/**
 * @param {string} taskRoot
 * @param {string} name the `Handler` of the function's configuration
 * @param {boolean} promisesOnly
 * @returns {Promise<LoadedHandler>}
 */
export async function loadHandler(taskRoot, name, promisesOnly) {
  if (name.includes(".."))
    throw new MalformedHandlerName(
      `'${name}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`,
    );
  const base = path.basename(name);
  const directory = name.substring(0, name.indexOf(base));
  const match = /^([^.]*)\.(.*)$/.exec(base);
  if (!match) throw new MalformedHandlerName("Bad handler");
  const [, file, exported] = /** @type {[string, string, string]} */ (/** @type {unknown} */ (match));
  const loaded = await loadModule(taskRoot, directory, file, promisesOnly);
  let handler = nested(loaded, exported);
  if (!handler && promisesOnly) handler = nested(/** @type {{ default?: unknown }} */ (loaded)?.default, exported);
  if (!handler) throw new HandlerNotFound(`${name} is undefined or not exported`);
  if (typeof handler !== "function") throw new HandlerNotFound(`${name} is not a function`);
  const marked = /** @type {Handler & Record<symbol, unknown>} */ (handler);
  const highWaterMark = Number.parseInt(String(marked[HIGH_WATER_MARK]));
  return {
    handler: marked,
    streaming: isStreaming(marked[STREAMING]),
    highWaterMark: Number.isNaN(highWaterMark) ? undefined : highWaterMark,
  };
}

/**
 * `awslambda.streamifyResponse`
 * @param {Handler & Record<symbol, unknown>} handler
 * @param {{ highWaterMark?: number }} [options]
 */
export function streamifyResponse(handler, options) {
  handler[STREAMING] = STREAM_RESPONSE;
  if (typeof options?.highWaterMark === "number") handler[HIGH_WATER_MARK] = options.highWaterMark;
  return handler;
}

/** @param {unknown} mark */
function isStreaming(mark) {
  if (mark === undefined || mark === null || mark === false) return false;
  if (mark === STREAM_RESPONSE) return true;
  throw new MalformedStreamingHandler("Only response streaming is supported.");
}

/**
 * @param {unknown} object
 * @param {string} names
 */
function nested(object, names) {
  return names
    .split(".")
    .reduce((inner, name) => inner && /** @type {Record<string, unknown>} */ (inner)[name], object);
}

/**
 * @param {string} taskRoot
 * @param {string} directory
 * @param {string} file
 * @param {boolean} promisesOnly
 */
async function loadModule(taskRoot, directory, file, promisesOnly) {
  try {
    const found = path.resolve(taskRoot, directory, file);
    const loaded = promisesOnly ? await importAny(found) : await requireOrImport(found);
    if (loaded !== undefined) return loaded;
    return require(require.resolve(file, { paths: [taskRoot, path.join(taskRoot, directory)] }));
  } catch (error) {
    if (error instanceof SyntaxError) {
      const wrapped = new UserCodeSyntaxError(error);
      if (error.stack !== undefined) wrapped.stack = error.stack;
      throw wrapped;
    }
    // AWS: a package that `import` does not find stays an `Error [ERR_MODULE_NOT_FOUND]`.
    if (/** @type {NodeJS.ErrnoException} */ (error)?.code === "MODULE_NOT_FOUND") throw new ImportModuleError(error);
    throw error;
  }
}

/**
 * nodejs24.x and later load every file by `import`.
 * @param {string} found
 */
async function importAny(found) {
  for (const extension of ["", ".js", ".mjs", ".cjs"])
    if (fs.existsSync(found + extension)) return await importFile(found + extension);
  return undefined;
}

/** @param {string} found */
async function requireOrImport(found) {
  if (fs.existsSync(found)) return require(found);
  if (fs.existsSync(`${found}.js`))
    return isModule(path.dirname(found)) ? await importFile(`${found}.js`) : require(`${found}.js`);
  if (fs.existsSync(`${found}.mjs`)) return await importFile(`${found}.mjs`);
  if (fs.existsSync(`${found}.cjs`)) return require(`${found}.cjs`);
  return undefined;
}

/** @param {string} file */
function importFile(file) {
  return import(pathToFileURL(file).href);
}

/**
 * Whether the nearest package.json says `"type": "module"`.
 * @param {string} directory
 * @returns {boolean}
 */
function isModule(directory) {
  if (directory.endsWith("/node_modules")) return false;
  const manifest = path.join(directory, "package.json");
  if (fs.existsSync(manifest)) {
    try {
      return JSON.parse(fs.readFileSync(manifest, "utf8"))?.type === "module";
    } catch (error) {
      console.warn(`${manifest} cannot be read, it will be ignored for ES module detection purposes.`, error);
      return false;
    }
  }
  const parent = path.dirname(directory);
  return parent === directory ? false : isModule(parent);
}
