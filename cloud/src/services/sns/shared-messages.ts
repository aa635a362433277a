import type { Collection, Store } from "../../kernel/store.ts";
import type { Message } from "./message.ts";

/** Messages that several subscriptions get: each is kept once, until the last has it. */
export class SharedMessages {
  /** id */
  readonly #messages: Collection<Message>;
  /** Who is still to get it: message id, subscription id */
  readonly #outstanding: Collection<0>;

  constructor(private readonly store: Store) {
    this.#messages = store.collection("sns.messages");
    this.#outstanding = store.collection("sns.outstanding");
  }

  keep(message: Message, subscriptionIds: readonly string[]): void {
    this.#messages.put([message.id], message);
    for (const id of subscriptionIds) this.#outstanding.put([message.id, id], 0);
  }

  /** Undefined where the subscription has it already. */
  find(messageId: string, subscriptionId: string): Message | undefined {
    return this.#outstanding.has([messageId, subscriptionId]) ? this.#messages.get([messageId]) : undefined;
  }

  /** A subscription needs it no more. */
  release(messageId: string, subscriptionId: string): void {
    this.store.transaction(() => {
      this.#outstanding.remove([messageId, subscriptionId]);
      if (!this.#outstanding.first({ prefix: [messageId] })) this.#messages.remove([messageId]);
    });
  }

  count(): number {
    return this.#messages.count();
  }
}
