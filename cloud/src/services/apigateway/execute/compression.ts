import { deflateSync, gunzipSync, gzipSync, inflateSync } from "node:zlib";
import { bytesOf, type Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "./exchange.ts";
import { GatewayFault } from "./fault.ts";

/** AWS: what a request's body may unpack to. */
const UNPACKED_BYTES_MAX = 10 * 1024 * 1024;

/**
 * Unpacks a request's body where the API compresses and the client packed it.
 * @throws GatewayFault BAD_REQUEST_BODY for what cannot be unpacked
 */
export function unpack({ request, stage }: Exchange): void {
  const encoding = request.header("Content-Encoding");
  if (stage.api.minimumCompressionSize === undefined || (encoding !== "gzip" && encoding !== "deflate")) return;
  const options = { maxOutputLength: UNPACKED_BYTES_MAX };
  try {
    request.unpack(encoding === "gzip" ? gunzipSync(request.body, options) : inflateSync(request.body, options));
  } catch (error) {
    throw new GatewayFault("BAD_REQUEST_BODY", "Invalid request body", { cause: error });
  }
}

/**
 * Compresses a response where the API compresses (`minimumCompressionSize`) and the client takes it.
 * AWS: "Payload compression for REST APIs in API Gateway".
 */
export function compress({ stage, request }: Exchange, reply: Reply): void {
  const { minimumCompressionSize } = stage.api;
  if (minimumCompressionSize === undefined || reply.headers["content-encoding"]) return;
  if (bytesOf(reply.body) < minimumCompressionSize || bytesOf(reply.body) === 0) return;
  const accepted = (request.header("Accept-Encoding") ?? "").split(",").map((coding) => coding.split(";")[0]!.trim());
  const coding = accepted.find((one) => one === "gzip" || one === "deflate" || one === "*");
  if (coding === undefined) return;
  reply.body = coding === "deflate" ? deflateSync(reply.body) : gzipSync(reply.body);
  reply.headers["content-encoding"] = [coding === "deflate" ? "deflate" : "gzip"];
}
