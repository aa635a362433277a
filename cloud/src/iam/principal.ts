/**
 * Who makes a call. Stated once here, for gate, IAM and every service.
 *
 * - `root`: the account's root, and the well-formed but unknown credentials that the default `--auth` mode accepts.
 * - `user`: an IAM user by its access key.
 * - `role`: an assumed-role session (a function, a person who called AssumeRole).
 * - `service`: an AWS service acting by itself, e.g. `apigateway.amazonaws.com` invoking a function; the resource's
 *   policy must allow it, with `aws:SourceArn` and `aws:SourceAccount` as given here.
 * - `anonymous`: an unsigned call.
 */
export type Principal =
  | { readonly kind: "root"; readonly account: string; readonly accessKeyId?: string }
  | {
      readonly kind: "user";
      readonly account: string;
      readonly arn: string;
      readonly userId: string;
      readonly accessKeyId?: string;
    }
  | {
      readonly kind: "role";
      readonly account: string;
      /** `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION` */
      readonly arn: string;
      /** `arn:aws:iam::ACCOUNT:role/PATH/ROLE` */
      readonly roleArn: string;
      /** `AROA…:SESSION` */
      readonly userId: string;
      readonly accessKeyId?: string;
      /** Session policies given to AssumeRole, as JSON texts and managed policy ARNs. */
      readonly sessionPolicies?: readonly string[];
    }
  | { readonly kind: "service"; readonly service: string; readonly sourceArn?: string; readonly sourceAccount?: string }
  | { readonly kind: "anonymous" };

/** The principal as AWS writes it: an ARN where it has one, the service's name, or `anonymous`. */
export function nameOf(principal: Principal): string {
  switch (principal.kind) {
    case "root":
      return `arn:aws:iam::${principal.account}:root`;
    case "user":
    case "role":
      return principal.arn;
    case "service":
      return principal.service;
    case "anonymous":
      return "anonymous";
  }
}
