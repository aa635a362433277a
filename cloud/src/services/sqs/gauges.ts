import type { GaugeSample } from "../../kernel/gauges.ts";
import type { ServiceContext } from "../../service.ts";
import { expire } from "./queue.ts";
import type { SqsState } from "./state.ts";

/** The kind under which the kernel's gauges know queues. */
const KIND = "AWS/SQS";

/** Lets others ask how deep the queues are and how old their oldest messages. Empty queues have nothing to say. */
export function provideGauges({ kernel, state }: ServiceContext<SqsState>): void {
  kernel.gauges.provide(KIND, () => samples(kernel.clock.now(), state));
}

function* samples(nowMs: number, { queues, messages }: SqsState): Iterable<GaugeSample> {
  for (const queue of Array.from(queues.values())) {
    expire(messages, queue, nowMs);
    const oldestMs = messages.oldestMs(queue);
    if (oldestMs === undefined) continue;
    const { visible, inFlight, delayed } = messages.counts(queue, nowMs);
    yield {
      account: queue.account,
      region: queue.region,
      name: queue.name,
      values: {
        ApproximateNumberOfMessagesVisible: visible,
        ApproximateNumberOfMessagesNotVisible: inFlight,
        ApproximateNumberOfMessagesDelayed: delayed,
        ApproximateAgeOfOldestMessage: Math.floor((nowMs - oldestMs) / 1000),
      },
    };
  }
}
