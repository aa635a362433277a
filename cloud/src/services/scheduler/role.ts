import { findArn } from "../../aws/arn.ts";
import { AwsError, NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Principal } from "../../iam/principal.ts";
import type { ServiceContext } from "../../service.ts";
import { cannotAssume } from "./errors.ts";
import { groupArn } from "./group.ts";

/** A session of a schedule's execution role. */
export interface Session {
  readonly principal: Principal;
  readonly expiresMs: number;
}

export interface RoleUse {
  readonly scope: Scope;
  readonly group: string;
  /** Of the schedule; the session is named after it. */
  readonly name: string;
  readonly roleArn: string;
}

const MARGIN_MS = 60_000;

/**
 * Assumes the execution role, as its trust policy allows `scheduler.amazonaws.com`.
 * AWS: "Confused deputy prevention in EventBridge Scheduler": aws:SourceArn is the schedule's group.
 * @throws AwsError ValidationException where the role may not be assumed
 */
export async function assumeRole(call: ServiceContext["call"], use: RoleUse): Promise<Session> {
  const { scope, group, name, roleArn } = use;
  const account = findArn(roleArn)?.account ?? scope.account;
  const as: Principal = {
    kind: "service",
    service: "scheduler.amazonaws.com",
    sourceArn: groupArn(scope, group),
    sourceAccount: scope.account,
  };
  const { Credentials, AssumedRoleUser } = await call(
    "sts",
    "AssumeRole",
    { RoleArn: roleArn, RoleSessionName: name.padEnd(2, "_") },
    { as, scope: { ...scope, account } },
  ).catch((error: unknown) => {
    if (error instanceof AwsError && !(error instanceof NotEmulatedError)) throw cannotAssume();
    throw error;
  });
  return {
    principal: {
      kind: "role",
      account,
      roleArn,
      arn: AssumedRoleUser!.Arn!,
      userId: AssumedRoleUser!.AssumedRoleId!,
      accessKeyId: Credentials!.AccessKeyId!,
    },
    expiresMs: Credentials!.Expiration!.getTime(),
  };
}

/** Sessions of execution roles, kept until they near their end. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();

  constructor(private readonly cx: ServiceContext) {}

  /** @throws AwsError ValidationException where the role may not be assumed */
  async principalOf(use: RoleUse): Promise<Principal> {
    const key = `${use.scope.account} ${use.scope.region} ${use.group} ${use.name} ${use.roleArn}`;
    const known = this.#sessions.get(key);
    if (known && known.expiresMs - MARGIN_MS > this.cx.kernel.clock.now()) return known.principal;
    const session = await assumeRole(this.cx.call, use);
    this.#sessions.set(key, session);
    return session.principal;
  }
}
