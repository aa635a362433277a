import { findArn } from "../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Principal } from "../../iam/principal.ts";
import type { ServiceContext } from "../../service.ts";
import { StatesError } from "../../engines/asl/error.ts";

const SESSION_SECONDS = 3600;
const MARGIN_MS = 5 * 60_000;

/** Assumes the roles of machines, by their trust policies. */
export class Roles {
  readonly #sessions = new Map<string, { principal: Principal; expiresMs: number }>();

  constructor(private readonly cx: ServiceContext<unknown>) {}

  /** @throws StatesError where Step Functions may not assume the role */
  async assume(roleArn: string, machineArn: string): Promise<Principal> {
    const key = `${machineArn} ${roleArn}`;
    const known = this.#sessions.get(key);
    if (known && known.expiresMs - MARGIN_MS > this.cx.kernel.clock.now()) return known.principal;
    const machine = findArn(machineArn)!;
    const account = findArn(roleArn)?.account ?? machine.account;
    const RoleSessionName = this.cx.kernel.random.text(32, "abcdefghijklmnopqrstuvwxyz");
    const made = await this.cx
      .call(
        "sts",
        "AssumeRole",
        { RoleArn: roleArn, RoleSessionName, DurationSeconds: SESSION_SECONDS },
        {
          as: {
            kind: "service",
            service: "states.amazonaws.com",
            sourceArn: machineArn,
            sourceAccount: machine.account,
          },
          scope: { account, region: machine.region },
        },
      )
      .catch((error: unknown) => {
        if (!(error instanceof AwsError) || error instanceof NotEmulatedError) throw error;
        throw new StatesError(
          "States.TaskFailed",
          `Neither the global service principal states.amazonaws.com, nor the regional one is authorized to assume the provided role.`,
        );
      });
    const principal: Principal = {
      kind: "role",
      account,
      roleArn,
      arn: made.AssumedRoleUser!.Arn!,
      userId: made.AssumedRoleUser!.AssumedRoleId!,
      accessKeyId: made.Credentials!.AccessKeyId!,
    };
    this.#sessions.set(key, { principal, expiresMs: made.Credentials!.Expiration!.getTime() });
    return principal;
  }
}
