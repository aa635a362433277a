import { portOf, type RunningFlags } from "./options.ts";
import { UserError } from "./user-error.ts";

/** Speaks to the control API of a running local cloud. */
export class ControlClient {
  private constructor(private readonly base: string) {}

  /** Finds the cloud that serves on this port. @throws UserError where none does */
  static async find(flags: RunningFlags): Promise<ControlClient> {
    const port = portOf(flags.port);
    const about: { console?: string } | undefined = await fetch(`http://127.0.0.1:${port}/_katachi`).then(
      (response) => (response.ok ? (response.json() as Promise<{ console?: string }>) : {}),
      () => undefined,
    );
    if (about === undefined)
      throw new UserError(
        `Nothing serves on port ${port}. Start a cloud (katachi start, katachi dev), or name its port with --port.`,
      );
    if (!about.console)
      throw new UserError(
        `What serves on port ${port} is no Katachi with a control API. Name another port with --port.`,
      );
    return new ControlClient(about.console);
  }

  get<T>(path: string, query: Record<string, string | undefined> = {}): Promise<T> {
    return this.#send<T>("GET", path + queryText(query));
  }

  post<T>(path: string, body: unknown): Promise<T> {
    return this.#send<T>("POST", path, body);
  }

  /** Calls any operation of any service as the account's root. */
  async call<T>(service: string, operation: string, input: unknown): Promise<T> {
    return (await this.post<{ output: T }>("/api/call", { service, operation, input })).output;
  }

  /** The values of a stream, as they come, until it ends. */
  async *follow<T>(path: string, query: Record<string, string | undefined> = {}): AsyncIterable<T> {
    const response = await fetch(this.base + path + queryText(query));
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop()!;
      for (const line of lines) yield JSON.parse(line) as T;
    }
  }

  async #send<T>(method: string, path: string, body?: unknown): Promise<T> {
    const response = await fetch(this.base + path, {
      method,
      ...(body === undefined ? {} : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    const answer = (await response.json()) as T & { error?: string; code?: string };
    if (!response.ok)
      throw new UserError(answer.code ? `${answer.code}: ${answer.error}` : (answer.error ?? response.statusText));
    return answer;
  }
}

function queryText(query: Record<string, string | undefined>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return given.length === 0 ? "" : `?${new URLSearchParams(given).toString()}`;
}
