/**
 * What runs in the process of a function: waits to be told which function it is, loads it, and gives it one event after
 * the other. Behaves as the Node.js runtime of Lambda (runtime interface client 3 for nodejs18.x to nodejs22.x, 4 from
 * nodejs24.x on). Plain JavaScript: it runs on whichever Node is installed, without a build.
 */
import module, { syncBuiltinESMExports } from "node:module";
import { Channel } from "./channel.mjs";
import { installClock, setOffset } from "./clock.mjs";
import { installConsole, installOutput } from "./console.mjs";
import { CallbackHandlerDeprecated, toPayload, UnhandledPromiseRejection } from "./errors.mjs";
import { Frame } from "./frames.mjs";
import { Invocations } from "./invocation.mjs";
import { loadHandler, streamifyResponse } from "./loader.mjs";
import { installNetwork } from "./network.mjs";
import { prepareImportFallback } from "./resolution.mjs";
import { HttpResponseStream } from "./response-stream.mjs";

/** Exit codes of the runtime, seen in `Runtime exited with error: exit status 129`. */
const EXIT_UNCAUGHT = 129;
const EXIT_REJECTION = 128;

const searchAlso = process.env["KATACHI_IMPORT_FALLBACK"] === "1" ? prepareImportFallback() : () => undefined;
/** @type {Invocations | undefined} */
let invocations;

const channel = new Channel((kind, body) => {
  if (kind === Frame.Invoke) {
    const headEnd = 4 + body.readUInt32LE(0);
    invocations?.start(JSON.parse(body.toString("utf8", 4, headEnd)), body.toString("utf8", headEnd));
  } else if (kind === Frame.Init) void initialize(JSON.parse(body.toString("utf8")));
});
channel.hold();
installClock();
installOutput(channel);

/** @param {import("./messages.d.ts").InitMessage} message */
async function initialize(message) {
  channel.release();
  if (message.env) {
    for (const name of Object.keys(process.env)) delete process.env[name];
    Object.assign(process.env, message.env);
  }
  // Reads NODE_PATH again, for `require`.
  /** @type {{ _initPaths(): void }} */ (/** @type {unknown} */ (module))._initPaths();
  process.chdir(message.taskRoot);
  setOffset(message.offsetMs);
  const logError = installConsole(channel);
  installNetwork(message.endpoint);
  syncBuiltinESMExports();
  searchAlso(message.importFallback);
  if (!message.promisesOnly) watchForCrashes(logError);
  installGlobals();
  try {
    const loaded = await loadHandler(message.taskRoot, message.handler, message.promisesOnly);
    if (message.promisesOnly && loaded.handler.length >= 3 && !loaded.streaming)
      throw new CallbackHandlerDeprecated(
        "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. You need to modify this function to use a supported handler signature to use Node.js 24 or later. For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.",
      );
    invocations = new Invocations(channel, loaded, message.promisesOnly, logError);
    channel.hold();
    channel.send(Frame.Ready, JSON.stringify({ streaming: loaded.streaming }));
  } catch (error) {
    explainMissingSdk(error);
    if (message.promisesOnly) logError("Init Error", error);
    else logError("Uncaught Exception", error);
    channel.send(Frame.InitError, JSON.stringify({ error: toPayload(error) }));
    process.exit(message.promisesOnly ? 1 : EXIT_UNCAUGHT);
  }
}

/**
 * On Lambda every SDK package is there; here only those that are installed.
 * @param {unknown} error
 */
function explainMissingSdk(error) {
  const missing = /Cannot find (?:module|package) '((?:@aws-sdk|@smithy)\/[^'/]+)/.exec(String(error))?.[1];
  if (missing)
    channel.send(
      Frame.Log,
      Uint8Array.of(0),
      `Katachi: ${missing} is part of Lambda's runtime, but not installed here. Install it in your project: npm install --save-dev ${missing}\n`,
    );
}

/** @param {(message: string, error: unknown) => void} logError */
function watchForCrashes(logError) {
  const crash = (/** @type {unknown} */ error, /** @type {number} */ code) => {
    if (invocations?.running) invocations.crash(error);
    else if (!invocations) channel.send(Frame.InitError, JSON.stringify({ error: toPayload(error) }));
    process.exit(code);
  };
  process.on("uncaughtException", (error) => {
    logError("Uncaught Exception", error);
    crash(error, EXIT_UNCAUGHT);
  });
  process.on("unhandledRejection", (reason, promise) => {
    const error = new UnhandledPromiseRejection(reason, promise);
    logError("Unhandled Promise Rejection", error);
    crash(error, EXIT_REJECTION);
  });
}

/** `globalThis.awslambda`, unless the function does not want it. */
function installGlobals() {
  const unwanted = process.env["AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA"];
  if (unwanted === "1" || unwanted === "true") return;
  Object.assign(globalThis, { awslambda: { streamifyResponse, HttpResponseStream } });
}
