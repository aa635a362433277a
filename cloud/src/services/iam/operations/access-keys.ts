import type { Operations } from "../../../service.ts";
import { accessKeyId, secretAccessKey } from "../../../iam/identifiers.ts";
import type { IamState, UserRecord } from "../../../iam/state.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { getEntity, putEntity, type Cx } from "../entity.ts";
import { noAccessKey, quotaExceeded } from "../errors.ts";
import { page } from "../page.ts";
import { getUserOrCaller } from "./users.ts";

const KEYS_PER_USER_MAX = 2;

function getKey(user: UserRecord, id: string) {
  const key = user.keys.find((one) => one.id === id);
  if (!key) throw noAccessKey(id);
  return key;
}

/** @throws NotEmulatedError for root's own keys: any well-formed key stands for root here */
function ownerOf(cx: Cx, name: string | undefined): UserRecord {
  if (name === undefined && cx.principal.kind === "root") throw new NotEmulatedError("access keys of the root user");
  return getUserOrCaller(cx, name);
}

export const accessKeys = {
  CreateAccessKey(cx, { UserName }) {
    const user = ownerOf(cx, UserName);
    if (user.keys.length >= KEYS_PER_USER_MAX) throw quotaExceeded("AccessKeysPerUser", KEYS_PER_USER_MAX);
    const { random, clock } = cx.kernel;
    const key = {
      id: accessKeyId(random, "AKIA", user.account),
      secret: secretAccessKey(random),
      createdMs: clock.seconds() * 1000,
      status: "Active" as const,
    };
    putEntity(cx, "user", { ...user, keys: [...user.keys, key] });
    cx.state.keyOwners.put([key.id], { account: user.account, user: user.name });
    return {
      AccessKey: {
        UserName: user.name,
        AccessKeyId: key.id,
        Status: key.status,
        SecretAccessKey: key.secret,
        CreateDate: new Date(key.createdMs),
      },
    };
  },

  ListAccessKeys(cx, { UserName, ...request }) {
    const user = ownerOf(cx, UserName);
    const { shown, ...paging } = page(user.keys, (key) => key.id, request);
    const AccessKeyMetadata = shown.map((key) => ({
      UserName: user.name,
      AccessKeyId: key.id,
      Status: key.status,
      CreateDate: new Date(key.createdMs),
    }));
    return { AccessKeyMetadata, ...paging };
  },

  UpdateAccessKey(cx, { UserName, AccessKeyId = "", Status }) {
    const user = ownerOf(cx, UserName);
    getKey(user, AccessKeyId);
    if (Status !== "Active" && Status !== "Inactive") throw new NotEmulatedError(`access keys in status ${Status}`);
    putEntity(cx, "user", {
      ...user,
      keys: user.keys.map((key) => (key.id === AccessKeyId ? { ...key, status: Status } : key)),
    });
    return {};
  },

  DeleteAccessKey(cx, { UserName, AccessKeyId = "" }) {
    const user = ownerOf(cx, UserName);
    getKey(user, AccessKeyId);
    putEntity(cx, "user", { ...user, keys: user.keys.filter((key) => key.id !== AccessKeyId) });
    return {};
  },

  GetAccessKeyLastUsed(cx, { AccessKeyId = "" }) {
    const owner = cx.state.keyOwners.get([AccessKeyId]);
    if (!owner || owner.account !== cx.scope.account) throw noAccessKey(AccessKeyId);
    getKey(getEntity(cx, "user", owner.user), AccessKeyId);
    const use = cx.state.uses.get([AccessKeyId]);
    return {
      UserName: owner.user,
      AccessKeyLastUsed: use
        ? { LastUsedDate: new Date(use.atMs), ServiceName: use.service, Region: use.region }
        : { LastUsedDate: undefined, ServiceName: "N/A", Region: "N/A" },
    };
  },
} satisfies Operations<"iam", IamState>;
