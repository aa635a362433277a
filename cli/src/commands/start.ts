import { resolve } from "node:path";
import type { Cloud } from "@katachi/cloud";
import { consoleDirectory } from "@katachi/console";
import { portOf, type CloudFlags } from "../options.ts";
import { UserError } from "../user-error.ts";
import { version } from "../version.ts";

const CONSOLE_PORT = 4567;
const SMTP_PORT = 1025;

/** `katachi start`: serves until it is told to stop. */
export async function start(flags: CloudFlags): Promise<void> {
  const { cloud } = await startServing(flags);
  const credentials = flags.auth === "strict" ? cloud.credentials : undefined;
  if (flags.json) {
    console.log(
      JSON.stringify({ ready: cloud.endpoint, console: cloud.consoleUrl, smtpPort: cloud.smtpPort, ...credentials }),
    );
    return;
  }
  console.log(`ready ${cloud.endpoint}`);
  console.log(`console ${cloud.consoleUrl}`);
  if (credentials) console.log(signInWith(credentials));
}

/** What a shell needs to call a cloud that verifies signatures. */
export function signInWith({ accessKeyId, secretAccessKey }: Cloud["credentials"]): string {
  return `export AWS_ACCESS_KEY_ID=${accessKeyId}\nexport AWS_SECRET_ACCESS_KEY=${secretAccessKey}`;
}

export interface Serving {
  readonly cloud: Cloud;
  /** Adds what has to end before the cloud does. */
  onStop(work: () => Promise<void>): void;
  /** Ends the cloud and its control API, for a command that cannot go on. */
  close(): Promise<void>;
}

/** Starts a cloud and its control API in this process, and ends both on Ctrl-C, SIGTERM and `katachi stop`. */
export async function startServing(flags: CloudFlags): Promise<Serving> {
  const { startCloud, serveControl } = await import("@katachi/cloud");
  const options = optionsOf(flags);
  const smtpPort = smtpPortOf(flags);
  const cloud = await startCloud({ ...options, ...smtpPort }).catch(
    (error: NodeJS.ErrnoException & { port?: number }) => {
      if (error.code === "EADDRINUSE" && smtpPort.smtpPort !== undefined && error.port === smtpPort.smtpPort) {
        if (flags.smtpPort !== undefined) throw explained(error, flags, "--smtp-port", flags.smtpPort);
        console.error(`Port ${SMTP_PORT} is in use: no SMTP here. Name another port with --smtp-port.`);
        return startCloud(options);
      }
      throw explained(error, flags);
    },
  );
  const before: (() => Promise<void>)[] = [];
  let stopping = false;
  const stop = async () => {
    if (stopping) return process.exit(1);
    stopping = true;
    for (const work of before) await work();
    await close();
    process.exit(0);
  };
  const close = async () => {
    await control.close();
    await cloud.close();
  };
  const parts = { cloud, version, consoleDirectory, stop: () => void stop() };
  const control = await serveControl(parts, { host: "127.0.0.1", port: consolePortOf(flags) }).catch(
    async (error: NodeJS.ErrnoException) => {
      if (error.code === "EADDRINUSE" && flags.consolePort === undefined)
        return serveControl(parts, { host: "127.0.0.1", port: 0 });
      await cloud.close();
      throw explained(error, flags, "--console-port", flags.consolePort);
    },
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stop());
  return { cloud, onStop: (work) => void before.push(work), close };
}

function optionsOf(flags: CloudFlags) {
  if (flags.ephemeral && flags.data !== undefined)
    throw new UserError("--ephemeral and --data exclude each other: give one of them.", 2);
  if (flags.auth !== "relaxed" && flags.auth !== "strict")
    throw new UserError(`--auth is "${flags.auth}"; allowed: relaxed, strict.`, 2);
  const auth: "relaxed" | "strict" = flags.auth;
  return {
    port: portOf(flags.port),
    host: flags.host,
    auth,
    ...(flags.mockConfig === undefined ? {} : { stepFunctionsMocks: resolve(flags.mockConfig) }),
    ...(flags.ephemeral ? { ephemeral: true } : { dataDirectory: resolve(flags.data ?? ".katachi/data") }),
  };
}

/** SMTP is served where it is asked for, and by default for a cloud that keeps its state at the usual port. */
function smtpPortOf(flags: CloudFlags): { smtpPort?: number } {
  if (flags.smtpPort !== undefined) return { smtpPort: portOf(flags.smtpPort, "--smtp-port") };
  return flags.port === "4566" && !flags.ephemeral ? { smtpPort: SMTP_PORT } : {};
}

function consolePortOf(flags: CloudFlags): number {
  if (flags.consolePort !== undefined) return portOf(flags.consolePort, "--console-port");
  return flags.port === "4566" ? CONSOLE_PORT : 0;
}

/** Start-up failures that the person can mend, in their words; all others as they are. */
function explained(
  error: unknown,
  flags: CloudFlags,
  option = "--port",
  port: string | undefined = flags.port,
): unknown {
  const { name, message, cause } = error as NodeJS.ErrnoException & { cause?: NodeJS.ErrnoException };
  const code = (error as NodeJS.ErrnoException).code ?? cause?.code;
  if (code === "EADDRINUSE")
    return new UserError(
      `Port ${port} is in use. Stop what uses it (katachi stop --port ${port}), or name another with ${option}.`,
    );
  if (code === "EACCES")
    return new UserError(`Port ${port} may not be used by this account. Name one above 1023 with ${option}.`);
  if (code === "EADDRNOTAVAIL") return new UserError(`--host is "${flags.host}", which is no address of this machine.`);
  if (name === "StoreError" || name === "MockFileError") return new UserError(message);
  return error;
}
