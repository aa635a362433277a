import { findArn } from "../aws/arn.ts";
import type { Scope } from "../aws/scope.ts";
import type { Principal } from "../iam/principal.ts";
import type { Credentials } from "@aws-sdk/client-sts";
import type { ServiceContext } from "../service.ts";

/** How long a session is used; shorter than it lives. */
const USED_MS = 15 * 60_000;

export interface AssumedRole {
  readonly principal: Principal;
  readonly credentials: Credentials;
}

/** Assumes roles as an AWS service; their trust policies decide. */
export class Roles {
  readonly #sessions = new Map<string, { readonly untilMs: number; readonly role: AssumedRole }>();

  /** @param service `events.amazonaws.com` */
  constructor(
    private readonly cx: ServiceContext,
    private readonly service: string,
  ) {}

  /** @throws AwsError where the service may not assume the role */
  async assume(scope: Scope, roleArn: string, sourceArn: string): Promise<AssumedRole> {
    const key = `${roleArn} ${sourceArn}`;
    const known = this.#sessions.get(key);
    const { clock, random } = this.cx.kernel;
    if (known && known.untilMs > clock.now()) return known.role;
    const account = findArn(roleArn)?.account ?? scope.account;
    const { AssumedRoleUser, Credentials } = await this.cx.call(
      "sts",
      "AssumeRole",
      { RoleArn: roleArn, RoleSessionName: random.hex(32) },
      {
        as: { kind: "service", service: this.service, sourceArn, sourceAccount: scope.account },
        scope: { ...scope, account },
      },
    );
    const principal: Principal = {
      kind: "role",
      account,
      arn: AssumedRoleUser!.Arn!,
      roleArn,
      userId: AssumedRoleUser!.AssumedRoleId!,
      accessKeyId: Credentials!.AccessKeyId!,
    };
    const role = { principal, credentials: Credentials! };
    this.#sessions.set(key, { untilMs: clock.now() + USED_MS, role });
    return role;
  }
}
