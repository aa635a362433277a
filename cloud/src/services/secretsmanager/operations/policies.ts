import type { Input, Output } from "../../../aws/api-types.ts";
import { findPolicyFault } from "../../../iam/validation.ts";
import { malformedPolicy, publicPolicy } from "../errors.ts";
import { getLiveSecret, getSecret } from "../secret.ts";
import { putSecret, type Cx } from "../state.ts";

export function putResourcePolicy(
  cx: Cx,
  input: Input<"secretsmanager", "PutResourcePolicy">,
): Output<"secretsmanager", "PutResourcePolicy"> {
  const secret = getLiveSecret(cx, input.SecretId!);
  const text = input.ResourcePolicy!;
  if (findPolicyFault(text, "resource") !== undefined) throw malformedPolicy();
  if (input.BlockPublicPolicy && isPublic(text)) throw publicPolicy();
  secret.policy = text;
  putSecret(cx.state, secret);
  return { ARN: secret.arn, Name: secret.name };
}

export function getResourcePolicy(
  cx: Cx,
  input: Input<"secretsmanager", "GetResourcePolicy">,
): Output<"secretsmanager", "GetResourcePolicy"> {
  const secret = getLiveSecret(cx, input.SecretId!);
  return { ARN: secret.arn, Name: secret.name, ResourcePolicy: secret.policy };
}

export function deleteResourcePolicy(
  cx: Cx,
  input: Input<"secretsmanager", "DeleteResourcePolicy">,
): Output<"secretsmanager", "DeleteResourcePolicy"> {
  const secret = getLiveSecret(cx, input.SecretId!);
  secret.policy = undefined;
  putSecret(cx.state, secret);
  return { ARN: secret.arn, Name: secret.name };
}

export function validateResourcePolicy(
  cx: Cx,
  input: Input<"secretsmanager", "ValidateResourcePolicy">,
): Output<"secretsmanager", "ValidateResourcePolicy"> {
  if (input.SecretId !== undefined) getSecret(cx, input.SecretId);
  const fault = findPolicyFault(input.ResourcePolicy!, "resource");
  const broad = fault === undefined && isPublic(input.ResourcePolicy!);
  const errors = [
    ...(fault === undefined ? [] : [{ CheckName: "SyntaxCheck", ErrorMessage: fault }]),
    ...(broad ? [{ CheckName: "PublicPolicyCheck", ErrorMessage: publicPolicy().message }] : []),
  ];
  return { PolicyValidationPassed: errors.length === 0, ValidationErrors: errors };
}

interface Statement {
  readonly Effect?: string;
  readonly Principal?: unknown;
  readonly Condition?: unknown;
}

/** Gap: AWS reasons about conditions; here any condition narrows. */
function isPublic(text: string): boolean {
  const { Statement: given = [] } = JSON.parse(text) as { Statement?: Statement | Statement[] };
  const statements = Array.isArray(given) ? given : [given];
  return statements.some(
    ({ Effect, Principal, Condition }) =>
      Effect === "Allow" && Condition === undefined && JSON.stringify(Principal ?? "").includes('"*"'),
  );
}
