import { NotEmulatedError } from "../../../aws/error.ts";
import { decodeDenial } from "../../../iam/denial.ts";
import { accountOfKey } from "../../../iam/identifiers.ts";
import { nameOf } from "../../../iam/principal.ts";
import type { IamState } from "../../../iam/state.ts";
import type { Operations } from "../../../service.ts";
import { accessDenied, invalidAuthorizationMessage, missingToken, validationError } from "../errors.ts";
import { openSession } from "../session.ts";

const SESSION_SECONDS_DEFAULT = 43_200;
/** AWS: a longer one asked for by root is cut to this. */
const ROOT_SECONDS_MAX = 3_600;

export const caller = {
  GetCallerIdentity({ principal }) {
    switch (principal.kind) {
      case "root":
        return { UserId: principal.account, Account: principal.account, Arn: nameOf(principal) };
      case "user":
      case "role":
        return { UserId: principal.userId, Account: principal.account, Arn: principal.arn };
      default:
        throw missingToken();
    }
  },

  GetSessionToken(cx, { DurationSeconds = SESSION_SECONDS_DEFAULT, SerialNumber, TokenCode }) {
    if (SerialNumber !== undefined || TokenCode !== undefined)
      throw new NotEmulatedError("MFA devices (SerialNumber, TokenCode of GetSessionToken)");
    const { principal } = cx;
    if (principal.kind !== "root" && principal.kind !== "user")
      throw accessDenied("Cannot call GetSessionToken with session credentials");
    if (principal.accessKeyId !== undefined && cx.state.sessions.has([principal.accessKeyId]))
      throw accessDenied("Cannot call GetSessionToken with session credentials");
    const isRoot = principal.kind === "root";
    const { credentials } = openSession(cx, {
      account: principal.account,
      seconds: isRoot ? Math.min(DurationSeconds, ROOT_SECONDS_MAX) : DurationSeconds,
      user: isRoot ? undefined : principal.arn.slice(principal.arn.lastIndexOf("/") + 1),
      policies: [],
      tags: {},
      transitive: [],
    });
    return { Credentials: credentials };
  },

  GetAccessKeyInfo(_cx, { AccessKeyId = "" }) {
    const account = accountOfKey(AccessKeyId);
    if (account === undefined) throw validationError(`Invalid access key id: ${AccessKeyId}`);
    return { Account: account };
  },

  DecodeAuthorizationMessage(_cx, { EncodedMessage = "" }) {
    const decoded = decodeDenial(EncodedMessage);
    if (decoded === undefined) throw invalidAuthorizationMessage();
    return { DecodedMessage: decoded };
  },
} satisfies Operations<"sts", IamState>;
