import { attributeOf, type Cx } from "./lookup.ts";
import type { Code, PoolRecord, UserRecord } from "./state.ts";

/** AWS: how long codes live. */
const SIGN_UP_MS = 24 * 60 * 60 * 1000;
const FORGOT_MS = 60 * 60 * 1000;

export interface Delivery {
  AttributeName: "email" | "phone_number";
  DeliveryMedium: "EMAIL" | "SMS";
  Destination: string;
}

/** Where a code can go: by the attributes that the pool verifies, mail before messages; undefined where nowhere. */
export function findDelivery(user: Pick<UserRecord, "attributes">, allowed: readonly string[]): Delivery | undefined {
  const email = attributeOf(user, "email");
  if (allowed.includes("email") && email !== undefined)
    return { AttributeName: "email", DeliveryMedium: "EMAIL", Destination: masked(email) };
  const phone = attributeOf(user, "phone_number");
  if (allowed.includes("phone_number") && phone !== undefined)
    return {
      AttributeName: "phone_number",
      DeliveryMedium: "SMS",
      Destination: `${phone.slice(0, 1)}*******${phone.slice(-4)}`,
    };
  return undefined;
}

/** AWS: `k***@e***` */
function masked(email: string): string {
  const at = email.indexOf("@");
  return `${email.slice(0, 1)}***@${email.slice(at + 1, at + 2)}***`;
}

/**
 * Makes a code and "sends" it. Nothing leaves this machine: the message stands in the trace, attribute `message` of the
 * call that sent it, for people and tests to read.
 */
export function sendCode(
  cx: Cx,
  pool: PoolRecord,
  user: UserRecord,
  purpose: Code["purpose"],
  delivery: Delivery,
): Code {
  const code = String(cx.kernel.random.integer(1_000_000)).padStart(6, "0");
  const template = pool.VerificationMessageTemplate ?? {};
  const isMail = delivery.DeliveryMedium === "EMAIL";
  const text = isMail
    ? (template.EmailMessage ?? pool.EmailVerificationMessage)
    : (template.SmsMessage ?? pool.SmsVerificationMessage);
  cx.span.attributes["message"] = {
    to: attributeOf(user, delivery.AttributeName),
    medium: delivery.DeliveryMedium,
    ...(isMail ? { subject: template.EmailSubject ?? pool.EmailVerificationSubject ?? "Your verification code" } : {}),
    text: (text ?? "Your confirmation code is {####}").replaceAll("{####}", code),
    code,
  };
  return { purpose, code, expiresMs: cx.kernel.clock.now() + (purpose === "forgotPassword" ? FORGOT_MS : SIGN_UP_MS) };
}

/** The same for the invitation of a user whom an administrator made. */
export function sendInvitation(
  cx: Cx,
  pool: PoolRecord,
  user: UserRecord,
  password: string,
  mediums: readonly string[],
): void {
  const isMail = mediums.includes("EMAIL");
  const to = attributeOf(user, isMail ? "email" : "phone_number");
  if (to === undefined) return;
  const template = pool.AdminCreateUserConfig?.InviteMessageTemplate ?? {};
  const text =
    (isMail ? template.EmailMessage : template.SMSMessage) ??
    "Your username is {username} and temporary password is {####}.";
  cx.span.attributes["message"] = {
    to,
    medium: isMail ? "EMAIL" : "SMS",
    ...(isMail ? { subject: template.EmailSubject ?? "Your temporary password" } : {}),
    text: text.replaceAll("{username}", user.Username).replaceAll("{####}", password),
    temporaryPassword: password,
  };
}
