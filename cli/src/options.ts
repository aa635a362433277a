import { UserError } from "./user-error.ts";

export interface GlobalOptions {
  json?: boolean;
}

export interface CloudFlags extends GlobalOptions {
  port: string;
  consolePort?: string;
  smtpPort?: string;
  mockConfig?: string;
  host: string;
  data?: string;
  ephemeral?: boolean;
  auth: string;
}

export interface RunningFlags extends GlobalOptions {
  port: string;
}

/** Reads a port number. @throws UserError */
export function portOf(text: string, option = "--port"): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UserError(`${option} is "${text}"; allowed: 0 to 65535.`, 2);
}
