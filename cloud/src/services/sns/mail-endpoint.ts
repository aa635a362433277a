import type { Span } from "../../kernel/trace.ts";
import { handshakeText, subscribeUrl } from "./handshake.ts";
import { type Message, textFor } from "./message.ts";
import { notificationText, unsubscribeUrl } from "./notification.ts";
import type { KeptHandshake, Parcel } from "./parcel.ts";
import type { SubscriptionRecord } from "./records.ts";
import type { Context } from "./state.ts";
import { findTopic, topicArn } from "./topic.ts";

const SENDER = "no-reply@sns.amazonaws.com";
/** AWS: whatever the topic's display name, this sends confirmations. */
const SENDER_NAME = "AWS Notifications";
const SUBJECT_DEFAULT = "AWS Notification Message";

interface Letter {
  readonly name: string;
  readonly subject: string;
  readonly text: string;
}

/** Hands a letter to the delivery of mail, which puts it into the inbox. AWS: "Email notifications". */
export async function sendMail(cx: Context, { subscription, message, handshake }: Parcel, span: Span): Promise<void> {
  const letter = message
    ? await notificationLetter(cx, subscription, message)
    : await handshakeLetter(cx, subscription, handshake!);
  const raw = await compose(cx, subscription.endpoint, letter);
  cx.kernel.deliveries.accept("mail", { source: SENDER, destinations: [subscription.endpoint], raw }, { parent: span });
}

async function notificationLetter(cx: Context, subscription: SubscriptionRecord, message: Message): Promise<Letter> {
  const name = findTopic(cx.state, subscription.topic)?.attributes["DisplayName"] || SENDER_NAME;
  const subject = message.subject ?? SUBJECT_DEFAULT;
  if (subscription.protocol === "email-json") {
    const sending = { signing: cx.state.signing, endpoint: cx.endpoint() };
    return { name, subject, text: await notificationText(sending, message, subscription) };
  }
  const lines = [
    textFor(message, "email"),
    "",
    "--",
    "If you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:",
    unsubscribeUrl(cx.endpoint(), subscription),
    "",
    "Please do not reply directly to this email. If you have any questions or comments regarding this email, please contact us at https://aws.amazon.com/support",
    "",
  ];
  return { name, subject, text: lines.join("\n") };
}

async function handshakeLetter(
  cx: Context,
  subscription: SubscriptionRecord,
  handshake: KeptHandshake,
): Promise<Letter> {
  const isSubscribe = handshake.type === "SubscriptionConfirmation";
  const subject = `AWS Notification - ${isSubscribe ? "Subscription" : "Unsubscribe"} Confirmation`;
  if (subscription.protocol === "email-json") {
    const sending = { signing: cx.state.signing, endpoint: cx.endpoint() };
    return { name: SENDER_NAME, subject, text: await handshakeText(sending, handshake) };
  }
  const arn = topicArn(subscription.topic);
  const lines = isSubscribe
    ? [
        "You have chosen to subscribe to the topic:",
        arn,
        "",
        "To confirm this subscription, click or visit the link below (If this was in error no action is necessary):",
      ]
    : [
        "Your subscription to the topic below has been deactivated:",
        arn,
        "",
        "If this was in error or you wish to resubscribe, click or visit the link below:",
      ];
  const footer = ["", "Please do not reply directly to this email.", ""];
  const text = [...lines, subscribeUrl(cx.endpoint(), handshake), ...footer].join("\n");
  return { name: SENDER_NAME, subject, text };
}

/** The library is loaded when first used: few topics send mail. */
async function compose(cx: Context, to: string, { name, subject, text }: Letter): Promise<string> {
  const { default: MailComposer } = await import("nodemailer/lib/mail-composer");
  const { clock, random } = cx.kernel;
  const built = await new MailComposer({
    from: { name, address: SENDER },
    to,
    subject,
    text,
    messageId: `<${random.uuid()}@email.amazonses.com>`,
    date: clock.date(),
    baseBoundary: random.hex(16),
  })
    .compile()
    .build();
  return built.toString("utf8");
}
