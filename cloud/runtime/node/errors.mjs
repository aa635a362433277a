import util from "node:util";

/**
 * The errors of the Node.js runtime itself. The names and the texts are those that a caller of Lambda sees.
 * @param {string} name
 */
function runtimeError(name) {
  return class extends Error {
    /** @param {unknown} given */
    constructor(given) {
      super(typeof given === "string" ? given : String(given));
      this.name = `Runtime.${name}`;
    }
  };
}

export const ImportModuleError = runtimeError("ImportModuleError");
export const HandlerNotFound = runtimeError("HandlerNotFound");
export const MalformedHandlerName = runtimeError("MalformedHandlerName");
export const UserCodeSyntaxError = runtimeError("UserCodeSyntaxError");
export const MalformedStreamingHandler = runtimeError("MalformedStreamingHandler");
export const InvalidStreamingOperation = runtimeError("InvalidStreamingOperation");
export const CallbackHandlerDeprecated = runtimeError("CallbackHandlerDeprecated");
export const JsonStringifyError = runtimeError("JSONStringifyError");

export class UnhandledPromiseRejection extends runtimeError("UnhandledPromiseRejection") {
  /**
   * @param {unknown} reason
   * @param {Promise<unknown>} promise
   */
  constructor(reason, promise) {
    super(reason);
    this.reason = reason;
    this.promise = promise;
  }
}

/**
 * The answer for an error.
 * @param {unknown} error
 * @returns {import("./messages.d.ts").ErrorPayload}
 */
export function toPayload(error) {
  try {
    if (util.types.isNativeError(error) || looksLikeError(error)) {
      const { name, message, stack } = /** @type {Error} */ (error);
      return {
        errorType: escapeDelete(name),
        errorMessage: escapeDelete(message),
        trace: escapeDelete(stack ?? "").split("\n"),
      };
    }
    return {
      errorType: typeof error,
      errorMessage: /** @type {{ toString(): string }} */ (error).toString(),
      trace: [],
    };
  } catch {
    return {
      errorType: "handled",
      errorMessage:
        "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack",
    };
  }
}

/**
 * The error as the text log shows it: a tab and JSON.
 * @param {unknown} error
 */
export function toLogText(error) {
  try {
    return "\t" + JSON.stringify(error, (_key, value) => withEnumerableProperties(value));
  } catch {
    return "\t" + JSON.stringify(toPayload(error));
  }
}

/** @param {unknown} error */
export function intoError(error) {
  return error instanceof Error ? error : new Error(String(error));
}

/** @param {unknown} value */
function withEnumerableProperties(value) {
  if (!(value instanceof Error)) return value;
  const shown = {
    errorType: value.name,
    errorMessage: value.message,
    code: /** @type {NodeJS.ErrnoException} */ (value).code,
    ...value,
  };
  return typeof value.stack === "string" ? { ...shown, stack: value.stack.split("\n") } : shown;
}

/** @param {unknown} value */
function looksLikeError(value) {
  const error = /** @type {Partial<Error> | null | undefined} */ (value);
  return (
    !!error && typeof error.name === "string" && typeof error.message === "string" && typeof error.stack === "string"
  );
}

/** @param {string} text */
function escapeDelete(text) {
  return text.replaceAll("\x7f", "%7F");
}
