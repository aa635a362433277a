import { NotEmulatedError } from "../aws/error.ts";
import type { Scope } from "../aws/scope.ts";
import type { Principal } from "../iam/principal.ts";
import type { Clock } from "../kernel/clock.ts";
import type { CallContext } from "../service.ts";

/** AWS: the session name under which API Gateway assumes a role. */
const SESSION_NAME = "BackplaneAssumeRoleSession";
/** How long a session is used; shorter than it lives. */
const USED_MS = 15 * 60 * 1000;

/** The roles that integrations and authorizers act as. */
export class RoleSessions {
  readonly #sessions = new Map<string, { readonly untilMs: number; readonly principal: Principal }>();

  constructor(private readonly clock: Clock) {}

  /**
   * Assumes a role as API Gateway; its trust policy decides.
   * @throws AwsError AccessDenied
   */
  async assume(cx: Pick<CallContext, "call">, roleArn: string, scope: Scope): Promise<Principal> {
    const known = this.#sessions.get(roleArn);
    if (known && known.untilMs > this.clock.now()) return known.principal;
    if (!/^arn:aws[\w-]*:iam::\d{12}:role\/\S+$/.test(roleArn))
      throw new NotEmulatedError(`the integration credentials ${roleArn}: only roles`);
    const as = { kind: "service", service: "apigateway.amazonaws.com", sourceAccount: scope.account } as const;
    const { AssumedRoleUser } = await cx.call(
      "sts",
      "AssumeRole",
      { RoleArn: roleArn, RoleSessionName: SESSION_NAME },
      { as, scope },
    );
    const principal: Principal = {
      kind: "role",
      account: roleArn.split(":")[4]!,
      arn: AssumedRoleUser!.Arn!,
      roleArn,
      userId: AssumedRoleUser!.AssumedRoleId!,
    };
    this.#sessions.set(roleArn, { untilMs: this.clock.now() + USED_MS, principal });
    return principal;
  }
}
