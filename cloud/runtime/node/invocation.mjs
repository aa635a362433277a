import { setOffset } from "./clock.mjs";
import { setRequestId } from "./console.mjs";
import { JsonStringifyError, toPayload } from "./errors.mjs";
import { Frame, u32 } from "./frames.mjs";
import { ResponseStream } from "./response-stream.mjs";

/**
 * @typedef {import("./channel.mjs").Channel} Channel
 * @typedef {import("./loader.mjs").LoadedHandler} LoadedHandler
 * @typedef {import("./messages.d.ts").InvokeHead} InvokeHead
 * @typedef {(message: string, error: unknown) => void} LogError
 */

/** Debugging has no deadline: what `getRemainingTimeInMillis` counts from then. */
const NO_DEADLINE_MS = 15 * 60 * 1000;
/** How often the process looks at its memory while requests are short, in milliseconds. */
const MEMORY_EVERY_MS = 50;

/** Runs one event after the other through the handler. */
export class Invocations {
  #channel;
  #loaded;
  #promisesOnly;
  #logError;
  /** What Node's `beforeExit` means now: the handler left nothing to wait for. */
  #onEmptyLoop = () => {};
  #memoryKib = 0;
  #memoryReadMs = -Infinity;
  /** @type {string | undefined} */
  #requestId;

  /**
   * @param {Channel} channel
   * @param {LoadedHandler} loaded
   * @param {boolean} promisesOnly
   * @param {LogError} logError
   */
  constructor(channel, loaded, promisesOnly, logError) {
    this.#channel = channel;
    this.#loaded = loaded;
    this.#promisesOnly = promisesOnly;
    this.#logError = logError;
    if (!promisesOnly) process.on("beforeExit", () => this.#onEmptyLoop());
  }

  /** True while an event is with the handler. */
  get running() {
    return this.#requestId !== undefined;
  }

  /**
   * @param {InvokeHead} head
   * @param {string} eventJson
   */
  start(head, eventJson) {
    this.#requestId = head.requestId;
    setOffset(head.offsetMs);
    setRequestId(head.requestId);
    if (head.traceHeader === undefined) delete process.env["_X_AMZN_TRACE_ID"];
    else process.env["_X_AMZN_TRACE_ID"] = head.traceHeader;
    if (this.#loaded.streaming) void this.#stream(head, eventJson);
    else if (this.#promisesOnly) void this.#await(head, eventJson);
    else this.#call(head, eventJson);
  }

  /**
   * The event failed, and so did the process (it is about to exit).
   * @param {unknown} error
   */
  crash(error) {
    this.#channel.send(Frame.Error, u32(this.#memory()), JSON.stringify({ error: toPayload(error), fatal: true }));
  }

  /**
   * Handlers with callbacks, up to nodejs22.x.
   * @param {InvokeHead} head
   * @param {string} eventJson
   */
  #call(head, eventJson) {
    let waits = true;
    let answered = false;
    const complete = (/** @type {unknown} */ result) => {
      if (answered) {
        console.error(
          "Invocation has already been reported as done. Cannot call complete more than once per invocation.",
        );
        return;
      }
      answered = true;
      this.#succeed(result);
    };
    const done = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
      this.#onEmptyLoop = () => {};
      if (error !== undefined && error !== null) this.#fail(error);
      else complete(result);
    };
    const callback = (/** @type {unknown} */ error, /** @type {unknown} */ result) => {
      if ((error === undefined || error === null) && waits) this.#onEmptyLoop = () => setImmediate(complete, result);
      else done(error, result);
    };
    const first = onlyFirst();
    const succeed = first((/** @type {unknown} */ result) => done(null, result));
    const fail = first((/** @type {unknown} */ error) => done(error ?? "handled", null));
    const context = {
      get callbackWaitsForEmptyEventLoop() {
        return waits;
      },
      set callbackWaitsForEmptyEventLoop(value) {
        waits = value;
      },
      succeed,
      fail,
      done: first(done),
      ...describe(head),
    };
    // A handler that never answers and leaves nothing to wait for answers null.
    this.#onEmptyLoop = () => {
      answered = true;
      this.#succeed(null);
    };
    this.#channel.release();
    const wrapped = first(callback);
    try {
      const result = this.#loaded.handler(JSON.parse(eventJson), context, wrapped);
      if (isPromise(result)) result.then(succeed, fail).catch(fail);
    } catch (error) {
      wrapped(error);
    }
  }

  /**
   * Handlers from nodejs24.x on: what they return or resolve to is the answer.
   * @param {InvokeHead} head
   * @param {string} eventJson
   */
  async #await(head, eventJson) {
    this.#channel.release();
    try {
      this.#succeed(await this.#loaded.handler(JSON.parse(eventJson), describe(head)));
    } catch (error) {
      this.#fail(error);
    }
  }

  /**
   * @param {InvokeHead} head
   * @param {string} eventJson
   */
  async #stream(head, eventJson) {
    const stream = new ResponseStream(this.#channel, this.#loaded.highWaterMark);
    const closed = new Promise((resolve) => stream.once("close", resolve));
    try {
      const context = this.#promisesOnly ? describe(head) : { callbackWaitsForEmptyEventLoop: true, ...describe(head) };
      const result = this.#loaded.handler(JSON.parse(eventJson), stream, context);
      if (!isPromise(result)) throw new Error("Streaming does not support non-async handlers.");
      if ((await result) !== undefined) console.warn("Streaming handlers ignore return values.");
      // AWS: a handler that does not end its stream runs into the function's timeout.
      await closed;
      if (!stream.writableFinished) throw new Error("Response stream is not finished.");
    } catch (error) {
      this.#logError("Invoke Error", error);
      stream.finish(toPayload(error));
      stream.on("error", () => undefined).destroy();
    }
    this.#finish();
    this.#channel.send(Frame.StreamDone, u32(this.#memory()));
  }

  /** @param {unknown} result */
  #succeed(result) {
    const json = this.#stringify(result);
    this.#finish();
    this.#channel.send(Frame.Response, u32(this.#memory()), json);
  }

  /** @param {unknown} value */
  #stringify(value) {
    try {
      return JSON.stringify(value === undefined ? null : value) ?? "null";
    } catch {
      const message = "Unable to stringify response body";
      throw this.#promisesOnly ? new JsonStringifyError(message) : new Error(message);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#logError("Invoke Error", error);
    this.#finish();
    this.#channel.send(Frame.Error, u32(this.#memory()), JSON.stringify({ error: toPayload(error), fatal: false }));
  }

  #finish() {
    this.#onEmptyLoop = () => {};
    this.#requestId = undefined;
    this.#channel.hold();
  }

  /** The resident memory in KiB. Reading it costs 8 µs, so short requests share a reading. */
  #memory() {
    const now = performance.now();
    if (now - this.#memoryReadMs > MEMORY_EVERY_MS) {
      this.#memoryKib = Math.ceil(process.memoryUsage.rss() / 1024);
      this.#memoryReadMs = now;
    }
    return this.#memoryKib;
  }
}

/** @param {InvokeHead} head */
function describe(head) {
  const deadlineMs = Date.now() + (head.leftMs < 0 ? NO_DEADLINE_MS : head.leftMs);
  return {
    functionVersion: process.env["AWS_LAMBDA_FUNCTION_VERSION"],
    functionName: process.env["AWS_LAMBDA_FUNCTION_NAME"],
    memoryLimitInMB: process.env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"],
    logGroupName: process.env["AWS_LAMBDA_LOG_GROUP_NAME"],
    logStreamName: process.env["AWS_LAMBDA_LOG_STREAM_NAME"],
    clientContext: head.clientContext,
    identity: head.identity,
    invokedFunctionArn: head.invokedArn,
    awsRequestId: head.requestId,
    tenantId: undefined,
    getRemainingTimeInMillis: () => deadlineMs - Date.now(),
  };
}

/** Of all functions wrapped by one wrapper, only the first call goes through; one that throws does not count. */
function onlyFirst() {
  let finished = false;
  return (/** @type {(...args: unknown[]) => void} */ run) =>
    (/** @type {unknown[]} */ ...args) => {
      if (finished) return;
      run(...args);
      finished = true;
    };
}

/**
 * @param {unknown} value
 * @returns {value is Promise<unknown>}
 */
function isPromise(value) {
  return typeof (/** @type {{ then?: unknown } | null | undefined} */ (value)?.then) === "function";
}
