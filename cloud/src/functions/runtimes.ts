import { createHash } from "node:crypto";

/** What is known of a runtime identifier. */
export interface Runtime {
  readonly name: string;
  /** Callbacks are gone (nodejs24.x and later). */
  readonly promisesOnly: boolean;
}

/**
 * Node.js runtimes. Each runs on the installed Node.
 * AWS: nodejs18.x was deprecated on 2025-09-01 and cannot be used for new functions from 2026 on; it is accepted here,
 * since much code still says it ("Lambda runtimes").
 */
const NODE_RUNTIMES = ["nodejs18.x", "nodejs20.x", "nodejs22.x", "nodejs24.x"] as const;

/** The runtimes that can run here; others are refused by name. */
export function findRuntime(name: string): Runtime | undefined {
  if (!(NODE_RUNTIMES as readonly string[]).includes(name)) return undefined;
  return { name, promisesOnly: Number(/\d+/.exec(name)![0]) >= 24 };
}

/** `nodejs:22.v1`, as INIT_START shows the build of a runtime. */
export function runtimeVersion(name: string): string {
  return `${name.replace(/^nodejs(\d+)\.x$/, "nodejs:$1")}.v1`;
}

export function runtimeVersionArn(name: string, region: string): string {
  return `arn:aws:lambda:${region}::runtime:${createHash("sha256").update(name).digest("hex")}`;
}
