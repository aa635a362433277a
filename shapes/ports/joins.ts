import { eventSourceMapping } from "./glue/event-source-mapping.ts";
import { forwardingRule } from "./glue/forwarding-rule.ts";
import { pipe } from "./glue/pipe.ts";
import { relay } from "./glue/relay.ts";
import { rule } from "./glue/rule.ts";
import { schedule } from "./glue/schedule.ts";
import { subscription } from "./glue/subscription.ts";

const refused = <Why extends string>(why: Why, instead: string) => ({ refused: why, instead }) as const;

/** Which glue serves which pair. The only place that says so: the types of `source.to(sink)` are read from here. */
export const JOINS = {
  ObjectCreated: {
    Function: rule,
    Queue: rule,
    Topic: rule,
    Bus: forwardingRule,
    Workflow: rule,
    HttpTarget: rule,
    Table: rule,
    Bucket: rule,
  },
  Events: {
    Function: rule,
    Queue: rule,
    Topic: rule,
    Bus: forwardingRule,
    Workflow: rule,
    HttpTarget: rule,
    Table: rule,
    Bucket: rule,
  },
  ExecutionEnded: {
    Function: rule,
    Queue: rule,
    Topic: rule,
    Bus: forwardingRule,
    Workflow: rule,
    HttpTarget: rule,
    Table: rule,
    Bucket: rule,
  },
  AlarmChanges: {
    Function: rule,
    Queue: rule,
    Topic: rule,
    Bus: forwardingRule,
    Workflow: rule,
    HttpTarget: rule,
    Table: rule,
    Bucket: rule,
  },
  TableChanges: {
    Function: eventSourceMapping,
    Queue: pipe,
    Topic: pipe,
    Bus: pipe,
    Workflow: pipe,
    HttpTarget: pipe,
    Table: pipe,
    Bucket: pipe,
  },
  Messages: {
    Function: eventSourceMapping,
    Queue: pipe,
    Topic: pipe,
    Bus: pipe,
    Workflow: pipe,
    HttpTarget: pipe,
    Table: pipe,
    Bucket: pipe,
  },
  DeadLetters: {
    Function: eventSourceMapping,
    Queue: pipe,
    Topic: pipe,
    Bus: pipe,
    Workflow: pipe,
    HttpTarget: pipe,
    Table: pipe,
    Bucket: pipe,
  },
  Notifications: {
    Function: subscription,
    Queue: subscription,
    Topic: refused(
      "a topic cannot subscribe to a topic",
      "Notifications to a Queue, by which each consumer subscribes to the first topic itself",
    ),
    Bus: relay,
    Workflow: relay,
    HttpTarget: relay,
    Table: relay,
    Bucket: relay,
  },
  Ticks: {
    Function: schedule,
    Queue: schedule,
    Topic: schedule,
    Bus: schedule,
    Workflow: schedule,
    HttpTarget: refused(
      "EventBridge Scheduler cannot call API destinations",
      "Ticks to a Bus, and Events of that bus to the HttpTarget",
    ),
    Table: schedule,
    Bucket: schedule,
  },
} as const;

export type Joins = typeof JOINS;
