import type { Cors } from "@aws-sdk/client-apigatewayv2";
import { badRequest } from "./errors.ts";

const METHODS = new Set(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS", "*"]);
const ORIGIN = /^(?:\*|https?:\/\/\*|[a-z][a-z0-9+.-]*:\/\/[^\s/*]+)$/i;

/** @throws AwsError BadRequestException for a CORS configuration that AWS refuses */
export function checkCors(cors: Cors | undefined): void {
  if (!cors) return;
  const origin = cors.AllowOrigins?.find((value) => !ORIGIN.test(value));
  if (origin !== undefined) throw badRequest(`Invalid format for origin: ${origin}`);
  const method = cors.AllowMethods?.find((value) => !METHODS.has(value));
  if (method !== undefined) throw badRequest(`Invalid CORS method: ${method}`);
  if (cors.AllowCredentials && cors.AllowOrigins?.includes("*"))
    throw badRequest("allow_credentials not supported for origin *");
}
