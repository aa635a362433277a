import { AwsError } from "./aws/error.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { CallContext } from "./service.ts";

/** A fault that is injected at the gate. */
export interface Fault {
  /** `sqs:SendMessage`, `sqs:*` or `*`. */
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

/** The faults that are injected now. */
export class Faults {
  readonly #faults = new Map<string, Fault>();

  constructor(private readonly kernel: Kernel) {}

  /** Injects a fault and returns its id. @throws RangeError for a rate outside 0 to 1 or a fault that does nothing */
  add(fault: Fault): string {
    if (fault.rate !== undefined && !(fault.rate >= 0 && fault.rate <= 1))
      throw new RangeError(`rate is ${fault.rate}; allowed: 0 to 1`);
    if (fault.error === undefined && fault.delayMs === undefined)
      throw new RangeError("a fault needs an error or a delayMs");
    const id = this.kernel.random.hex(8);
    this.#faults.set(id, fault);
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
    return [...this.#faults];
  }

  /** Lets the call pass, late, or not at all. */
  async apply(name: string, cx: CallContext): Promise<void> {
    if (this.#faults.size === 0) return;
    for (const fault of this.#faults.values()) {
      if (!matches(fault.match, name) || this.kernel.random.fraction() >= (fault.rate ?? 1)) continue;
      cx.span.attributes["fault"] = fault;
      if (fault.delayMs !== undefined) await this.kernel.clock.wait(fault.delayMs);
      if (fault.error === undefined) continue;
      const status = fault.status ?? (/thrott|limit|toomany|slowdown/i.test(fault.error) ? 400 : 500);
      throw new AwsError(fault.error, fault.message ?? "Injected fault", { status });
    }
  }
}

function matches(pattern: string, name: string): boolean {
  return pattern === "*" || pattern === name || (pattern.endsWith(":*") && name.startsWith(pattern.slice(0, -1)));
}
