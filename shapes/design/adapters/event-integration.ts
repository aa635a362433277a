import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { type EventConsumer, EventIntegration } from "../../event-integration/construct.ts";
import { DeadLetters, Messages } from "../../ports/sources.ts";
import { type Adapter, ENVIRONMENT, HANDLER, NOTHING, object, tableResource } from "../adapter.ts";

interface Options {
  readonly consumers: Readonly<Record<string, Omit<EventConsumer, "filter" | "timeout"> & { timeoutSeconds?: number }>>;
  readonly fifo?: boolean;
}

const CONSUMER = object({
  handler: HANDLER,
  batchSize: { type: "integer", minimum: 1, maximum: 10 },
  maxAttempts: { type: "integer", minimum: 1, maximum: 1000 },
  maxConcurrency: { type: "integer", minimum: 2, maximum: 1000 },
  environment: ENVIRONMENT,
  timeoutSeconds: { type: "integer", minimum: 1, maximum: 900 },
});

export const eventIntegration: Adapter = {
  options: object(
    {
      consumers: { type: "object", minProperties: 1, additionalProperties: CONSUMER },
      fifo: { type: "boolean" },
    },
    ["consumers"],
  ),
  sources: { notifications: "Notifications", "messages:*": "Messages", "deadLetters:*": "DeadLetters" },
  sinks: { publisher: "Topic" },
  handlers: "event-integration/handlers",
  sample: (folder) => ({
    consumers: {
      billing: { handler: `${folder}/billing.ts`, environment: { RATES: '{"JPY":1,"EUR":171.2}' } },
      shipping: { handler: `${folder}/shipping.ts` },
    },
  }),
  build(scope, id, options: Options, { file, isThrowaway }) {
    const consumers = Object.entries(options.consumers).map(([name, { handler, timeoutSeconds, ...rest }]) => [
      name,
      {
        ...rest,
        ...(handler === undefined ? {} : { handler: file(handler) }),
        ...(timeoutSeconds === undefined ? {} : { timeout: Duration.seconds(timeoutSeconds) }),
      },
    ]);
    const construct = new EventIntegration(scope, id, {
      ...options,
      consumers: Object.fromEntries(consumers) as Record<string, EventConsumer>,
      ...(isThrowaway ? { removalPolicy: RemovalPolicy.DESTROY } : {}),
    });
    const parts = Object.entries(construct.consumers);
    return {
      ...NOTHING,
      construct,
      sources: {
        notifications: construct.notifications,
        ...Object.fromEntries(parts.map(([name, { queue }]) => [`messages:${name}`, new Messages(queue)])),
        ...Object.fromEntries(parts.map(([name, each]) => [`deadLetters:${name}`, new DeadLetters(each.deadLetters)])),
      },
      sinks: { publisher: construct.publisher },
      functions: Object.fromEntries(parts.flatMap(([name, each]) => (each.function ? [[name, each.function]] : []))),
      resources: {
        ledger: tableResource(construct.ledger),
        topic: {
          name: construct.topic.topicArn,
          access: { publish: { actions: ["sns:Publish"], on: [construct.topic.topicArn] } },
        },
      },
      outputs: { TopicArn: construct.topic.topicArn, LedgerTable: construct.ledger.tableName },
    };
  },
};
