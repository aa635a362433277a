import { createHmac, timingSafeEqual } from "node:crypto";

type Headers = Readonly<Record<string, string | undefined>>;

/** Stripe: "Verify webhook signatures": five minutes, against replays. */
const TOLERANCE_SECONDS = 300;

/** Whether the provider signed these very bytes. Header names are in lower case, as HTTP APIs give them. */
export function isSigned(provider: string, headers: Headers, body: Buffer, secret: string): boolean {
  const verify = VERIFY[provider];
  return verify !== undefined && verify(headers, body, secret);
}

const VERIFY: Readonly<Record<string, (headers: Headers, body: Buffer, secret: string) => boolean>> = {
  // GitHub: "Validating webhook deliveries"
  github: (headers, body, secret) => {
    const given = headers["x-hub-signature-256"] ?? "";
    return given.startsWith("sha256=") && isEqual(given.slice(7), hmac(secret, body, "hex"));
  },
  // Shopify: "Verify the origin of the webhook"
  shopify: (headers, body, secret) => isEqual(headers["x-shopify-hmac-sha256"] ?? "", hmac(secret, body, "base64")),
  // Stripe: "Verify webhook signatures manually"; a secret that is being rolled gives several v1.
  stripe: (headers, body, secret) => {
    const parts = (headers["stripe-signature"] ?? "").split(",").map((part) => part.trim().split("=", 2));
    const time = parts.find(([name]) => name === "t")?.[1] ?? "";
    const age = Math.abs(Date.now() / 1000 - Number(time));
    if (!/^\d+$/.test(time) || age > TOLERANCE_SECONDS) return false;
    const wanted = hmac(secret, Buffer.concat([Buffer.from(`${time}.`), body]), "hex");
    return parts.some(([name, value = ""]) => name === "v1" && isEqual(value, wanted));
  },
};

function hmac(secret: string, body: Buffer, encoding: "hex" | "base64"): string {
  return createHmac("sha256", secret).update(body).digest(encoding);
}

/** In a time that tells nothing of where they differ. */
function isEqual(given: string, wanted: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(wanted)];
  return a.length === b.length && timingSafeEqual(a, b);
}
