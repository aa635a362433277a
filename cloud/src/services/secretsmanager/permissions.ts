import { AwsError } from "../../aws/error.ts";
import type { Ask } from "../../service.ts";
import { findSecret, secretArn } from "./secret.ts";
import type { Cx } from "./state.ts";

/** What a call that names a secret asks of IAM. */
export function askFor(id: string, cx: Cx, context: Ask["context"] = {}): Ask {
  const secret = findSecret(cx.state, cx.scope, id);
  const resource = secret?.arn ?? (id.startsWith("arn:") ? id : secretArn(cx.scope, id));
  const tags = Object.entries(secret?.tags ?? {}).flatMap(([key, value]) => [
    [`aws:ResourceTag/${key}`, value],
    [`secretsmanager:ResourceTag/${key}`, value],
  ]);
  return {
    resource,
    resourcePolicy: secret?.policy,
    context: { "secretsmanager:SecretId": resource, ...Object.fromEntries(tags), ...context },
  };
}

/**
 * Asks, and tells of a denial as AWS does: with the secret as the caller named it.
 * @throws AwsError AccessDeniedException
 */
export function askOf(action: string, id: string, cx: Cx, context?: Ask["context"]): void {
  const ask = askFor(id, cx, context);
  try {
    cx.authorize({ ...ask, action });
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    const message = error.message.replace(`on resource: ${ask.resource}`, () => `on resource: ${id}`);
    throw new AwsError(error.code, message, error.status === undefined ? {} : { status: error.status });
  }
}
