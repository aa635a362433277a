import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import { findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { RoleCredentials } from "../../functions/specification.ts";
import type { Principal } from "../../iam/principal.ts";
import type { ServiceContext } from "../../service.ts";
import { cannotAssume } from "./errors.ts";

export interface AssumedRole {
  readonly credentials: RoleCredentials;
  readonly principal: Principal;
}

/** AWS gives its functions longer; a role's own maximum is an hour unless it says more. */
const SESSION_SECONDS = 3600;
/** Sessions that end this soon are not handed out any more. */
const MARGIN_MS = 5 * 60_000;

/** Assumes the roles of functions, as Lambda does: by the role's trust policy. */
export class Roles {
  readonly #sessions = new Map<string, Promise<AssumedRole>>();

  constructor(private readonly cx: ServiceContext) {}

  /**
   * The session of a function's role, assumed anew when it nears its end.
   * @throws AwsError where Lambda may not assume the role
   */
  async assume(scope: Scope, name: string, roleArn: string, functionArn: string): Promise<AssumedRole> {
    const key = `${functionArn} ${roleArn}`;
    const known = await this.#sessions.get(key)?.catch(() => undefined);
    if (known && known.credentials.expiresMs - MARGIN_MS > this.cx.kernel.clock.now()) return known;
    const assumed = this.#assume(scope, name, roleArn, functionArn);
    this.#sessions.set(key, assumed);
    assumed.catch(() => this.#sessions.delete(key));
    return assumed;
  }

  /** AWS: the session is named after the function; STS wants two characters at least. */
  async #assume(scope: Scope, name: string, roleArn: string, functionArn: string): Promise<AssumedRole> {
    const account = findArn(roleArn)?.account ?? scope.account;
    const { Credentials, AssumedRoleUser } = await this.cx
      .call(
        "sts",
        "AssumeRole",
        { RoleArn: roleArn, RoleSessionName: name.padEnd(2, "_"), DurationSeconds: SESSION_SECONDS },
        {
          as: {
            kind: "service",
            service: "lambda.amazonaws.com",
            sourceArn: functionArn,
            sourceAccount: scope.account,
          },
          scope: { ...scope, account },
        },
      )
      .catch((error: unknown) => {
        if (error instanceof AwsError && !(error instanceof NotEmulatedError)) throw cannotAssume();
        throw error;
      });
    const { AccessKeyId, SecretAccessKey, SessionToken, Expiration } = Credentials!;
    return {
      credentials: {
        accessKeyId: AccessKeyId!,
        secretAccessKey: SecretAccessKey!,
        sessionToken: SessionToken!,
        expiresMs: Expiration!.getTime(),
      },
      principal: {
        kind: "role",
        account,
        roleArn,
        arn: AssumedRoleUser!.Arn!,
        userId: AssumedRoleUser!.AssumedRoleId!,
        accessKeyId: AccessKeyId!,
      },
    };
  }
}
