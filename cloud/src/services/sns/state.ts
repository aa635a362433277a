import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { ServiceContext } from "../../service.ts";
import { Deduplication } from "./deduplication.ts";
import type { Lanes } from "./parcel.ts";
import type { SubscriptionRecord, TokenRecord, TopicRecord } from "./records.ts";
import { SharedMessages } from "./shared-messages.ts";
import { Signing } from "./signing.ts";
import { Throttle } from "./throttle.ts";

/** What the service keeps. Keys begin with account and Region of the topic. */
export class SnsState {
  /** …, topic name */
  readonly topics: Collection<TopicRecord>;
  /** …, topic name, id */
  readonly subscriptions: Collection<SubscriptionRecord>;
  /** token */
  readonly tokens: Collection<TokenRecord>;
  readonly shared: SharedMessages;
  readonly deduplication: Deduplication;
  readonly signing: Signing;
  readonly throttle = new Throttle();
  /** Set when the service starts. */
  lanes!: Lanes;

  constructor(kernel: Kernel) {
    const { store } = kernel;
    this.topics = store.collection("sns.topics");
    this.subscriptions = store.collection("sns.subscriptions");
    this.tokens = store.collection("sns.tokens");
    this.shared = new SharedMessages(store);
    this.deduplication = new Deduplication(store);
    this.signing = new Signing(kernel);
  }
}

/** What deliveries and timers have. */
export type Context = ServiceContext<SnsState>;
