/**
 * The permission to hand a role to a service, which a caller needs wherever a call names a role that the service will
 * act as: `cx.authorize(passRole(input.Role, "lambda.amazonaws.com"))`.
 * AWS: "Grant a user permissions to pass a role to an AWS service".
 */
export function passRole(
  roleArn: string,
  service: string,
): { action: string; resource: string; context: Record<string, string> } {
  return { action: "iam:PassRole", resource: roleArn, context: { "iam:PassedToService": service } };
}
