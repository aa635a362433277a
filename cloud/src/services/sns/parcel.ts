/** What is on its way to a subscription. */
import type { AcceptOptions } from "../../kernel/delivery.ts";
import type { Message } from "./message.ts";
import type { SubscriptionRecord } from "./records.ts";
import type { SubscriptionKey } from "./subscription.ts";

/** A published message on its way to one subscription. */
export interface Notification {
  readonly type: "Notification";
  readonly subscription: SubscriptionKey;
  /** The message, or its id where several get it and it is kept once. */
  readonly message: Message | string;
}

/** A question to an endpoint, which answers it by the token. */
export interface Handshake {
  readonly type: "SubscriptionConfirmation" | "UnsubscribeConfirmation";
  readonly subscription: SubscriptionRecord;
  readonly token: string;
}

/** As it is kept with its delivery. */
export type KeptHandshake = Handshake &
  Pick<Message, "publishedMs" | "signatureVersion"> & { readonly messageId: string };
export type Dispatch = Notification | KeptHandshake;

/** What an endpoint is handed. */
export type Parcel = {
  readonly subscription: SubscriptionRecord;
  readonly handshake?: KeptHandshake;
  readonly message?: Message;
};

/** Kinds of endpoints, and where what they do not take goes; each has its delivery policy. */
export type Kind = "sqs" | "lambda" | "http" | "mail" | "dead-letter";
export type Lanes = Readonly<Record<Kind, (dispatch: Dispatch, options?: AcceptOptions) => unknown>>;
