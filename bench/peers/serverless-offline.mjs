/**
 * serverless-offline with one HTTP API route, in a process of its own. It is told everything that the Serverless
 * Framework would tell it, so that the framework itself need not be there.
 *
 * `node bench/peers/serverless-offline.mjs PACKAGE_DIRECTORY FUNCTION_DIRECTORY PORT LAMBDA_PORT` prints `ready`.
 */
import { pathToFileURL } from "node:url";

const [packageDirectory = "", functionDirectory = "", port = "", lambdaPort = ""] = process.argv.slice(2);
const { default: ServerlessOffline } = await import(pathToFileURL(`${packageDirectory}/src/index.js`).href);

const event = { httpApi: { method: "POST", path: "/orders/{id}" } };
const definition = {
  handler: "index.handler",
  name: "bench",
  runtime: "nodejs20.x",
  timeout: 10,
  memorySize: 512,
  events: [event],
};
const provider = {
  name: "aws",
  region: "us-east-1",
  stage: "dev",
  runtime: "nodejs20.x",
  environment: {},
  httpApi: {},
};
const serverless = {
  service: {
    service: "bench",
    provider,
    custom: {},
    functions: { bench: definition },
    resources: {},
    package: {},
    getAllFunctions: () => ["bench"],
    getFunction: () => definition,
    getAllEventsInFunction: () => [event],
  },
  config: { servicePath: functionDirectory, serviceDir: functionDirectory },
  serviceDir: functionDirectory,
  configurationInput: {},
  getVersion: () => "4.0.0",
  version: "4.0.0",
};
const silent = () => {};
const log = {
  notice: silent,
  info: silent,
  debug: silent,
  error: console.error,
  warning: console.error,
  verbose: silent,
  success: silent,
};
const options = {
  httpPort: Number(port),
  lambdaPort: Number(lambdaPort),
  host: "127.0.0.1",
  noSponsor: true,
  noPrependStageInUrl: true,
  reloadHandler: false,
};
const offline = new ServerlessOffline(serverless, options, {
  log,
  progress: { get: () => ({ remove: silent, notice: silent }) },
  writeText: silent,
});
await offline.start();
console.log("ready");
