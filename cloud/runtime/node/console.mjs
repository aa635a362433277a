import fs from "node:fs";
import { format } from "node:util";
import { intoError, toLogText } from "./errors.mjs";
import { Frame } from "./frames.mjs";

/** @typedef {import("./channel.mjs").Channel} Channel */

/** The level of a line in its frame; 0 is output that was written without `console`. */
export const LEVELS = /** @type {const} */ (["RAW", "TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"]);

const REQUEST_ID = Symbol.for("aws.lambda.runtime.requestId");
const globals = /** @type {Record<symbol, unknown>} */ (/** @type {unknown} */ (globalThis));

/** @param {string} requestId */
export function setRequestId(requestId) {
  globals[REQUEST_ID] = requestId;
}

/**
 * Makes `console` write the lines that Lambda's does, in the format and from the level that the function's logging
 * configuration (in AWS_LAMBDA_LOG_FORMAT and AWS_LAMBDA_LOG_LEVEL) says.
 * @param {Channel} channel
 */
export function installConsole(channel) {
  const json = process.env["AWS_LAMBDA_LOG_FORMAT"]?.toUpperCase() === "JSON";
  const wanted = LEVELS.indexOf(/** @type {never} */ (process.env["AWS_LAMBDA_LOG_LEVEL"]?.toUpperCase()));
  const lowest = wanted > 0 ? wanted : 1;
  const write = json ? jsonLine : textLine;
  /** @param {(typeof LEVELS)[number]} name */
  const logger = (name) => {
    const level = LEVELS.indexOf(name);
    if (level < lowest && name !== "FATAL") return () => undefined;
    const mark = Uint8Array.of(level);
    return (/** @type {unknown[]} */ ...args) => channel.send(Frame.Log, mark, write(name, args));
  };
  console.trace = logger("TRACE");
  console.debug = logger("DEBUG");
  console.info = logger("INFO");
  console.log = console.info;
  console.warn = logger("WARN");
  console.error = logger("ERROR");
  /** @type {Console & { fatal?: unknown }} */ (console).fatal = logger("FATAL");
  /** @param {string} message @param {unknown} error */
  return (message, error) =>
    json ? console.error(intoError(error)) : console.error(message, toLogText(intoError(error)));
}

/**
 * Sends what is written to standard output and error (loggers that bypass `console` do so) the same way as log lines,
 * so that it stays in order with them and with the answer.
 * @param {Channel} channel
 */
export function installOutput(channel) {
  const raw = Uint8Array.of(0);
  /** @param {unknown} chunk @param {unknown} [encoding] */
  const send = (chunk, encoding) => {
    const bytes =
      typeof chunk === "string"
        ? Buffer.from(chunk, typeof encoding === "string" ? /** @type {BufferEncoding} */ (encoding) : "utf8")
        : /** @type {Uint8Array} */ (chunk);
    channel.send(Frame.Log, raw, bytes);
    return bytes.byteLength;
  };
  for (const stream of [process.stdout, process.stderr]) {
    stream.write = /** @type {typeof stream.write} */ (
      (/** @type {unknown} */ chunk, /** @type {unknown} */ encoding, /** @type {unknown} */ done) => {
        send(chunk, encoding);
        const callback = typeof encoding === "function" ? encoding : done;
        if (typeof callback === "function") process.nextTick(callback);
        return true;
      }
    );
  }
  redirectFileWrites(send);
}

/**
 * Fast loggers (pino's sonic-boom) write to the descriptors themselves.
 * @param {(chunk: unknown, encoding?: unknown) => number} send
 */
function redirectFileWrites(send) {
  const { write, writeSync } = fs;
  fs.writeSync = /** @type {typeof fs.writeSync} */ (
    (/** @type {number} */ fd, /** @type {unknown[]} */ ...args) =>
      isOutput(fd) ? send(slice(args)) : Reflect.apply(writeSync, fs, [fd, ...args])
  );
  fs.write = /** @type {typeof fs.write} */ (
    /** @type {unknown} */ (
      (/** @type {number} */ fd, /** @type {unknown[]} */ ...args) => {
        if (!isOutput(fd)) return Reflect.apply(write, fs, [fd, ...args]);
        const bytes = send(slice(args));
        const done = args.at(-1);
        if (typeof done === "function") process.nextTick(done, null, bytes, args[0]);
        return undefined;
      }
    )
  );
}

/** @param {number} fd */
function isOutput(fd) {
  return fd === 1 || fd === 2;
}

/**
 * The bytes that the arguments of fs.write name: text, or a buffer with offset and length.
 * @param {unknown[]} args
 */
function slice([chunk, offset, length]) {
  if (typeof chunk === "string" || !(chunk instanceof Uint8Array)) return String(chunk);
  const start = typeof offset === "number" ? offset : 0;
  return chunk.subarray(start, typeof length === "number" ? start + length : undefined);
}

/** @param {string} level @param {unknown[]} args */
function textLine(level, args) {
  const [message, ...params] = args;
  return `${new Date().toISOString()}\t${globals[REQUEST_ID]}\t${level}\t${format(message, ...params)}\n`;
}

/** @param {string} level @param {unknown[]} args */
function jsonLine(level, args) {
  /** @type {Record<string, unknown>} */
  const line = { timestamp: new Date().toISOString(), level, requestId: globals[REQUEST_ID] };
  if (args.length === 1) {
    line["message"] = args[0];
    try {
      return JSON.stringify(line, (_key, value) => describeError(value)) + "\n";
    } catch {
      line["message"] = format(args[0]);
      return JSON.stringify(line) + "\n";
    }
  }
  line["message"] = format(...args);
  const error = args.find((arg) => arg instanceof Error);
  if (error instanceof Error) {
    line["errorType"] = error.constructor?.name ?? "UnknownError";
    line["errorMessage"] = error.message;
    line["stackTrace"] = typeof error.stack === "string" ? error.stack.split("\n") : [];
  }
  return JSON.stringify(line) + "\n";
}

/** @param {unknown} value */
function describeError(value) {
  if (!(value instanceof Error)) return value;
  return {
    errorType: value.constructor?.name ?? "UnknownError",
    errorMessage: value.message,
    stackTrace: typeof value.stack === "string" ? value.stack.split("\n") : value.stack,
    ...value,
  };
}
