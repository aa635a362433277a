import { type Kernel, openKernel } from "../kernel/kernel.ts";
import { createArchive } from "./archive.ts";
import { FunctionHost } from "./function-host.ts";
import type { FunctionSpecification, Invocation, InvocationResult } from "./specification.ts";

type Overrides = Partial<Omit<FunctionSpecification, "logging">> & {
  logging?: Partial<FunctionSpecification["logging"]>;
};

export interface Made {
  /** Names of the files of the package that may be run. */
  readonly executables?: readonly string[];
  readonly overrides?: Overrides;
}

/** Functions of a host of their own, for tests of runtimes: no services, no roles. */
export class TestHost {
  readonly kernel: Kernel;
  readonly host: FunctionHost;
  readonly #lines = new Map<string, string[]>();
  #count = 0;

  constructor(
    private readonly runtime: string,
    endpoint: () => string,
    startMs: number,
  ) {
    this.kernel = openKernel({ clock: "frozen", startMs });
    this.host = new FunctionHost(this.kernel, {
      endpoint,
      onLog: ({ name }, _stream, { message }) => this.#lines.set(name, [...this.linesOf(name), message]),
    });
  }

  /** A function of these files. */
  async make(
    files: Record<string, string>,
    { executables = [], overrides = {} }: Made = {},
  ): Promise<FunctionSpecification> {
    const name = overrides.name ?? `fn-${++this.#count}`;
    return {
      arn: `arn:aws:lambda:us-east-1:000000000000:function:${name}:$LATEST`,
      revision: "1",
      name,
      version: "$LATEST",
      region: "us-east-1",
      runtime: this.runtime,
      handler: "index.handler",
      memoryMb: 128,
      timeoutMs: 5000,
      variables: {},
      code: await this.zip(files, executables),
      layers: [],
      credentials: async () => ({
        accessKeyId: "ASIAEXAMPLE",
        secretAccessKey: "secret",
        sessionToken: "token",
        expiresMs: Number.MAX_SAFE_INTEGER,
      }),
      ...overrides,
      logging: {
        group: `/aws/lambda/${name}`,
        format: "Text",
        applicationLevel: "INFO",
        systemLevel: "INFO",
        ...overrides.logging,
      },
    };
  }

  async zip(files: Record<string, string>, executables: readonly string[] = []) {
    const archive = await createArchive(files, new Set(executables));
    return { kind: "zip" as const, sha256: `zip-${++this.#count}`, read: async () => archive };
  }

  invoke(
    specification: FunctionSpecification,
    event: unknown = {},
    more: Partial<Invocation> = {},
  ): Promise<InvocationResult> {
    return this.host.invoke(specification, {
      requestId: this.kernel.random.uuid(),
      invokedArn: specification.arn.replace(":$LATEST", ""),
      event: JSON.stringify(event),
      ...more,
    });
  }

  /** @throws Error where the function failed */
  async answer(
    specification: FunctionSpecification,
    event: unknown = {},
    more: Partial<Invocation> = {},
  ): Promise<unknown> {
    const { error, payload } = await this.invoke(specification, event, more);
    if (error)
      throw new Error(`${error.errorType}: ${error.errorMessage}\n${this.linesOf(specification.name).join("")}`);
    return JSON.parse(payload.toString());
  }

  /** What the caller gets of a function that fails. */
  async failure(specification: FunctionSpecification, event: unknown = {}): Promise<Record<string, unknown>> {
    const { error, payload } = await this.invoke(specification, event);
    if (!error) throw new Error(`it answered ${payload.toString()}`);
    return JSON.parse(payload.toString());
  }

  linesOf(name: string): string[] {
    return this.#lines.get(name) ?? [];
  }

  async close(): Promise<void> {
    this.host.close();
    await this.kernel.close();
  }
}
