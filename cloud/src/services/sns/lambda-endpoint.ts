import { findArn } from "../../aws/arn.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import { functionEvent } from "./notification.ts";
import { snsFor } from "./sqs-endpoint.ts";
import type { Parcel } from "./parcel.ts";
import type { Context } from "./state.ts";

/** AWS: SNS invokes a function asynchronously; what the function makes of it is no longer SNS's. */
export async function sendToFunction(cx: Context, { subscription, message }: Parcel, parent: Span): Promise<void> {
  const { endpoint, topic } = subscription;
  const target = findArn(endpoint);
  // AWS: a function of another account is subscribed by that account, so there is nothing to ask it.
  if (!target || !message) throw new Undeliverable(`Nothing to invoke ${endpoint} with`);
  const event = await functionEvent({ signing: cx.state.signing, endpoint: cx.endpoint() }, message, subscription);
  await cx.call(
    "lambda",
    "Invoke",
    { FunctionName: endpoint, InvocationType: "Event", Payload: Buffer.from(event) },
    { as: snsFor(topic), scope: { account: target.account, region: target.region }, parent },
  );
}
