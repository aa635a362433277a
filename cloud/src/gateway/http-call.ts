import http from "node:http";
import https from "node:https";
import { isPassedOn, type Reply } from "./reply.ts";

/** AWS: a response may have 10 MB. */
const RESPONSE_BYTES_MAX = 10 * 1024 * 1024;

const agents = {
  "http:": new http.Agent({ keepAlive: true }),
  "https:": new https.Agent({ keepAlive: true }),
};

export interface SendOptions {
  readonly method: string;
  readonly headers: Record<string, string[]>;
  readonly signal: AbortSignal;
  readonly servername: string | undefined;
  /** Whether any certificate of the endpoint will do. Default: no. */
  readonly isInsecure?: boolean;
}

/** Sends a request to a URL and reads the whole answer. @throws Error where the target cannot be reached */
export function send(url: URL, { servername, isInsecure, ...options }: SendOptions, body: Buffer): Promise<Reply> {
  const { protocol } = url;
  if (protocol !== "http:" && protocol !== "https:") throw new Error(`Invalid endpoint address: ${url.href}`);
  const client = protocol === "https:" ? https : http;
  return new Promise((resolve, reject) => {
    const sent = client.request(
      url,
      {
        ...options,
        agent: agents[protocol],
        ...(servername ? { servername } : {}),
        ...(isInsecure ? { rejectUnauthorized: false } : {}),
      },
      (response) => read(response).then(resolve, reject),
    );
    sent.on("error", reject);
    sent.end(body);
  });
}

async function read(response: http.IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > RESPONSE_BYTES_MAX) throw new Error(`The response is larger than ${RESPONSE_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  const headers: Record<string, string[]> = {};
  for (const [name, values] of Object.entries(response.headersDistinct)) if (isPassedOn(name)) headers[name] = values!;
  return { status: response.statusCode ?? 500, headers, body: Buffer.concat(chunks) };
}
