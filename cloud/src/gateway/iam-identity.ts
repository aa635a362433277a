import type { Principal } from "../iam/principal.ts";

/** The signer of a request, as events and access logs show it. */
export interface IamIdentity {
  readonly accessKey: string | null;
  readonly accountId: string;
  readonly callerId: string;
  readonly userArn: string;
  readonly userId: string;
}

/** Undefined for an unsigned request. */
export function identityOf(principal: Principal): IamIdentity | undefined {
  switch (principal.kind) {
    case "anonymous":
    case "service":
      return undefined;
    case "root": {
      const { account, accessKeyId } = principal;
      return {
        accessKey: accessKeyId ?? null,
        accountId: account,
        callerId: account,
        userArn: `arn:aws:iam::${account}:root`,
        userId: account,
      };
    }
    default: {
      const { account, arn, userId, accessKeyId } = principal;
      return { accessKey: accessKeyId ?? null, accountId: account, callerId: userId, userArn: arn, userId };
    }
  }
}
