import type { IRule } from "aws-cdk-lib/aws-events";
import { EventBus as BusTarget } from "aws-cdk-lib/aws-events-targets";
import type { Glue } from "../glue.ts";
import { createRule, type EventSource, RULE_RETRY } from "./rule.ts";

/** From bus to bus events go as they are: AWS has no transformation there. */
export const forwardingRule: Glue<EventSource["kind"], "Bus", "filter"> = {
  name: "EventBridge rule to a bus",
  can: ["filter"],
  build(join, source, sink, { filter }) {
    if (source.kind === "Events" && source.bus.eventBusName === sink.bus.eventBusName)
      throw join.refusal("what goes over would set off itself, without end", "another Bus");
    const target = new BusTarget(sink.bus, {
      deadLetterQueue: join.createDeadLetters(),
      role: join.createRole("events.amazonaws.com"),
    });
    createRule(join, source, filter).addTarget({
      // AWS: a bus as target takes a retry policy, too; the construct has no property for it.
      bind: (bound: IRule, id?: string) => ({
        ...target.bind(bound, id),
        retryPolicy: {
          maximumRetryAttempts: RULE_RETRY.retryAttempts,
          maximumEventAgeInSeconds: RULE_RETRY.maxEventAge.toSeconds(),
        },
      }),
    });
  },
};
