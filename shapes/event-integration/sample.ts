import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { SubscriptionFilter } from "aws-cdk-lib/aws-sns";
import { ShapeFunction } from "../function.ts";
import { packagePath } from "../package-path.ts";
import { EventIntegration, type EventIntegrationProps } from "./construct.ts";

const handler = (name: string) => packagePath(`event-integration/handlers/${name}.ts`);

/** Orders that fan out to billing and shipping: the application that the shape's demo and tests run. */
export function buildSample(
  app: App,
  overrides: Partial<EventIntegrationProps> = {},
  name = "event-integration",
): Stack {
  const stack = new Stack(app, name, { description: "Katachi shape 2.3: an order fans out to billing and shipping" });
  const orders = new EventIntegration(stack, "Orders", {
    consumers: {
      billing: { handler: handler("billing"), environment: { RATES: JSON.stringify({ JPY: 1, EUR: 171.2 }) } },
      shipping: {
        handler: handler("shipping"),
        filter: { delivery: SubscriptionFilter.stringFilter({ allowlist: ["parcel", "letter"] }) },
      },
    },
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  const place = new ShapeFunction(stack, "PlaceOrder", {
    entry: handler("place-order"),
    environment: { TOPIC_ARN: orders.topic.topicArn, FIFO: String(overrides.fifo ?? false) },
  });
  orders.grantPublish(place.function);
  new CfnOutput(stack, "PlaceOrderFunction", { value: place.function.functionName });
  new CfnOutput(stack, "TopicArn", { value: orders.topic.topicArn });
  new CfnOutput(stack, "LedgerTable", { value: orders.ledger.tableName });
  for (const [consumer, parts] of Object.entries(orders.consumers)) {
    new CfnOutput(stack, `${consumer}Queue`, { value: parts.queue.queueUrl });
    new CfnOutput(stack, `${consumer}DeadLetters`, { value: parts.deadLetters.queueUrl });
    if (parts.function) new CfnOutput(stack, `${consumer}Function`, { value: parts.function.function.functionName });
  }
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
