import { gzipSync, deflateSync } from "node:zlib";
import { bytesOf, type Reply } from "../../../gateway/reply.ts";
import type { Exchange } from "./exchange.ts";

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
