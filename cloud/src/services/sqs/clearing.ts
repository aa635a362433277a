import type { Kernel } from "../../kernel/kernel.ts";
import type { ServiceContext } from "../../service.ts";
import type { SqsState } from "./state.ts";

const KIND = "sqs.clear";
/** Records removed in one go, so that other requests are not kept waiting. */
const RECORDS_MAX = 2000;

/** Gives back the room of what no queue holds any more, after a purge or a deletion. */
export function scheduleClearing(kernel: Kernel, bin: number): void {
  kernel.timers.set(KIND, String(bin), kernel.clock.now(), { bin });
}

export function handleClearing({ kernel, state }: ServiceContext<SqsState>): void {
  kernel.timers.handle<{ bin: number }>(KIND, ({ bin }) => {
    const more = [state.messages.clear(bin, RECORDS_MAX), state.deduplication.clear(bin, RECORDS_MAX)];
    if (more.includes(true)) scheduleClearing(kernel, bin);
  });
}
