import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import type { APIGatewayProxyHandlerV2 } from "aws-lambda";
import { type Claim, claim, settle } from "./deliveries.ts";
import { type Normalised, normalise } from "./normalise.ts";
import { secretOf } from "./secrets.ts";
import { isSigned } from "./signatures.ts";

const bus = new EventBridgeClient();
const EventBusName = process.env["BUS_NAME"];
/** AWS: quota of an entry of PutEvents, 256 KB. */
const BYTES_MAX = 256 * 1024;

/**
 * Takes a webhook: signature first, over the bytes as they came; then each delivery once, however often it is sent.
 * Whatever goes wrong on our side is answered with a 5xx, so that the provider sends it again.
 */
export const handler: APIGatewayProxyHandlerV2 = async (event) => {
  const provider = event.pathParameters?.["provider"] ?? "";
  const secret = await secretOf(provider);
  if (secret === undefined) return answer(404, `There is no webhook for ${provider}`);
  const raw = Buffer.from(event.body ?? "", event.isBase64Encoded ? "base64" : "utf8");
  if (!isSigned(provider, event.headers, raw, secret)) return answer(401, "The signature is not valid");
  const webhook = read(provider, event.headers, raw);
  if (!webhook) return answer(400, "The body is not the JSON that this provider sends");
  const entry = entryOf(webhook, raw.toString("utf8"));
  if (Buffer.byteLength(entry.Detail) > BYTES_MAX) return answer(413, `An event may have ${BYTES_MAX} bytes at most`);
  const claimed: Claim = await claim(`${provider}#${webhook.id}`);
  if (claimed === "done") return answer(200, "This delivery was taken before");
  if (claimed === "taken") return { ...answer(503, "This delivery is being taken"), headers: { "retry-after": "30" } };
  const { Entries: [result] = [] } = await bus.send(new PutEventsCommand({ Entries: [entry] }));
  if (result?.ErrorCode) throw new Error(`${result.ErrorCode}: ${result.ErrorMessage}`);
  await settle(`${provider}#${webhook.id}`);
  return answer(202, webhook.id);
};

function read(provider: string, headers: Record<string, string | undefined>, raw: Buffer): Normalised | undefined {
  try {
    return normalise(provider, headers, JSON.parse(raw.toString("utf8")));
  } catch (error) {
    console.warn(JSON.stringify({ message: "unreadable webhook", provider, error: String(error) }));
    return undefined;
  }
}

/** The body goes in as it came: read and written again, ids above 2^53 would become others. */
function entryOf({ provider, type, ...detail }: Normalised, body: string) {
  return {
    EventBusName,
    Source: `webhook.${provider}`,
    DetailType: type,
    Detail: `${JSON.stringify({ provider, ...detail }).slice(0, -1)},"body":${body}}`,
  };
}

function answer(statusCode: number, message: string) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify({ message }) };
}
