/** What the cloud tells the process of a function at its beginning. */
export interface InitMessage {
  /** The whole environment: what was set before is removed. Undefined where the process was started with it. */
  env?: Record<string, string> | undefined;
  taskRoot: string;
  /** Where the layers lie; undefined without any. */
  opt?: string | undefined;
  handler: string;
  /** Milliseconds that the cloud's clock is ahead of the machine's. */
  offsetMs: number;
  /** Where AWS host names lead. */
  endpoint: { host: string; port: number };
  /** Node.js: `node_modules` directories that `import` searches after the usual ones, where the code lies in place. */
  importFallback: string[];
  /** Node.js: true for nodejs24.x and later: no callbacks, no `context.done` (AWS: "Lambda functions with Node.js", 2025-11). */
  promisesOnly: boolean;
  /** Python: what is searched for modules before the standard library: the package, then the layers. */
  modulePath: string[];
  /** Python: what is searched last: the modules that Lambda's runtime brings along. */
  runtimePath: string[];
}

/** What goes along with an event. */
export interface InvokeHead {
  requestId: string;
  invokedArn: string;
  /** Milliseconds that the function may run; negative or none where it may run for ever (debugging). */
  leftMs: number;
  offsetMs: number;
  traceHeader?: string;
  clientContext?: unknown;
  identity?: unknown;
}

/** As `Invoke` answers where a function failed. */
export interface ErrorPayload {
  errorType: string;
  errorMessage: string;
  /** Node.js */
  trace?: string[];
  /** Python */
  requestId?: string;
  stackTrace?: string[];
}
