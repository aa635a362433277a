import { closest } from "fastest-levenshtein";
import { AwsError } from "./aws/error.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { CallContext } from "./service.ts";

/** A fault that is injected at the gate. */
export interface Fault {
  /** `sqs:SendMessage`, `sqs:*` or `*`; the service by its API's name or, as in a policy, by its IAM prefix. */
  readonly match: string;
  /** Share of the calls that it hits, 0 to 1 (default 1). */
  readonly rate?: number;
  /** AWS error code to answer with, e.g. `ThrottlingException`. */
  readonly error?: string;
  /** HTTP status of that error (default 400 for throttling codes, else 500). */
  readonly status?: number;
  readonly message?: string;
  /** Delay before the call goes on, in milliseconds of the cloud's clock. */
  readonly delayMs?: number;
}

/** What of a service a fault can hit. */
export interface FaultTarget {
  /** As calls are named, e.g. `stepfunctions`. */
  readonly service: string;
  /** As policies name it, e.g. `states`. */
  readonly iamPrefix: string;
  readonly operations: readonly string[];
}

interface Injected {
  readonly fault: Fault;
  readonly hits: (name: string) => boolean;
}

/** The faults that are injected now. */
export class Faults {
  readonly #faults = new Map<string, Injected>();

  /** @param targets every service that is here */
  constructor(
    private readonly kernel: Kernel,
    private readonly targets: () => readonly FaultTarget[],
  ) {}

  /**
   * Injects a fault and returns its id.
   * @throws RangeError for a match that no call can have, numbers out of range, or a fault that does nothing
   */
  add(fault: Fault): string {
    refuseOutside("rate", fault.rate, 0, 1);
    refuseOutside("status", fault.status, 400, 599);
    refuseOutside("delayMs", fault.delayMs, 0, Infinity);
    if (fault.error === undefined && fault.delayMs === undefined)
      throw new RangeError("A fault needs an error or a delay.");
    const id = this.kernel.random.hex(8);
    this.#faults.set(id, { fault, hits: this.#matcher(fault.match) });
    return id;
  }

  /** Lifts a fault; false where there is none of this id. */
  lift(id: string): boolean {
    return this.#faults.delete(id);
  }

  clear(): void {
    this.#faults.clear();
  }

  list(): [id: string, fault: Fault][] {
    return [...this.#faults].map(([id, { fault }]) => [id, fault]);
  }

  /** Lets the call pass, late, or not at all. */
  async apply(name: string, cx: CallContext): Promise<void> {
    if (this.#faults.size === 0) return;
    for (const { fault, hits } of this.#faults.values()) {
      if (!hits(name) || this.kernel.random.fraction() >= (fault.rate ?? 1)) continue;
      cx.span.attributes["fault"] = fault;
      if (fault.delayMs !== undefined) await this.kernel.clock.wait(fault.delayMs);
      if (fault.error === undefined) continue;
      throw new AwsError(fault.error, fault.message ?? "Injected fault", {
        status: fault.status ?? usualStatus(fault.error),
      });
    }
  }

  /** A name that nothing has would hit nothing, and a test with it would prove nothing: it is refused. */
  #matcher(match: string): (name: string) => boolean {
    if (match === "*") return () => true;
    const [prefix, operation = ""] = match.split(":");
    const targets = this.targets();
    const services = targets.filter((target) => target.service === prefix || target.iamPrefix === prefix);
    if (services.length === 0)
      throw new RangeError(unknown("service", match, prefix!, [...new Set(targets.map((target) => target.service))]));
    const names = new Set<string>();
    for (const { service, operations } of services)
      for (const each of operations) if (operation === "*" || operation === each) names.add(`${service}:${each}`);
    if (names.size > 0) return (name) => names.has(name);
    const known = services.flatMap((service) => service.operations);
    throw new RangeError(unknown("operation", match, operation, known));
  }
}

function refuseOutside(name: string, value: unknown, min: number, max: number): void {
  if (value === undefined || (typeof value === "number" && value >= min && value <= max)) return;
  const allowed = max === Infinity ? `${min} or more` : `${min} to ${max}`;
  throw new RangeError(`${name} is ${JSON.stringify(value)}; allowed: ${allowed}.`);
}

function unknown(what: string, match: string, given: string, known: readonly string[]): string {
  return (
    `match is "${match}": there is no ${what} "${given}". Did you mean "${closest(given, known)}"? ` +
    `Allowed: SERVICE:OPERATION such as sqs:SendMessage, SERVICE:*, or *.`
  );
}

/** AWS: the statuses with which services answer these (each service's "Common errors" page; S3's SlowDown is a 503). */
function usualStatus(code: string): number {
  if (/^slowdown$/i.test(code)) return 503;
  if (/^toomanyrequests/i.test(code)) return 429;
  return /thrott|limit|throughput|denied|notfound|validation/i.test(code) ? 400 : 500;
}
