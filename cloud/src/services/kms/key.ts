/** Keys: finding them by what callers name them, what they may be used for, telling of them. */
import type { KeyMetadata } from "@aws-sdk/client-kms";
import { arn, findArn, globalArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import {
  aliasNotFound,
  disabled,
  invalidKeyId,
  invalidUsage,
  keyNotFound,
  notFound,
  pendingDeletion,
} from "./errors.ts";
import { findSpec, type Spec } from "./spec.ts";
import { currentMaterial, placeOf, putKey, type Cx, type KeyRecord, type KmsState } from "./state.ts";

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** AWS: the services whose own keys (`alias/aws/…`) appear when they are first used. */
const OWN_KEYS = ["dynamodb", "kinesis", "lambda", "s3", "secretsmanager", "sns", "sqs", "ssm"];

export function keyArn(scope: Scope, id: string): string {
  return arn("kms", scope, `key/${id}`);
}

export function aliasArn(scope: Scope, name: string): string {
  return arn("kms", scope, name);
}

/**
 * The key of an id, a key ARN, an alias or an alias ARN.
 * @throws AwsError NotFoundException
 */
export function getKey(cx: Cx, id: string): KeyRecord {
  const named = findArn(id);
  if (named && (named.service !== "kms" || named.region !== cx.scope.region))
    throw notFound(`Invalid arn ${named.region}`);
  const scope = named ? { account: named.account, region: named.region } : cx.scope;
  const name = named?.resource ?? id;
  if (name.startsWith("alias/")) return keyOfAlias(cx, scope, name);
  const keyId = named ? name.replace(/^key\//, "") : name;
  if (!UUID.test(keyId)) throw invalidKeyId(id);
  const found = cx.state.keys.get([scope.account, scope.region, keyId]);
  if (!found) throw keyNotFound(keyArn(scope, keyId));
  return found;
}

/** The same for the operations that take no alias. */
export function getKeyByItself(cx: Cx, id: string): KeyRecord {
  if ((findArn(id)?.resource ?? id).startsWith("alias/")) throw invalidKeyId(id);
  return getKey(cx, id);
}

function keyOfAlias(cx: Cx, scope: Scope, name: string): KeyRecord {
  const alias = cx.state.aliases.get([scope.account, scope.region, name]);
  const own = alias ? undefined : OWN_KEYS.find((service) => name === `alias/aws/${service}`);
  if (own) return cx.kernel.store.transaction(() => makeOwnKey(cx, scope, own));
  const found = alias && cx.state.keys.get([scope.account, scope.region, alias.keyId]);
  if (!found) throw aliasNotFound(aliasArn(scope, name));
  return found;
}

/** The key that AWS keeps for a service in each account and Region. */
function makeOwnKey({ state, kernel }: Cx, scope: Scope, service: string): KeyRecord {
  const id = kernel.random.uuid();
  const nowMs = kernel.clock.now();
  const key: KeyRecord = {
    ...scope,
    id,
    arn: keyArn(scope, id),
    createdMs: nowMs,
    manager: "AWS",
    spec: "SYMMETRIC_DEFAULT",
    usage: "ENCRYPT_DECRYPT",
    description: `Default key that protects my ${service} data when no other key is defined`,
    state: "Enabled",
    policy: ownKeyPolicy(scope, service),
    tags: {},
    rotationDays: 365,
    rotations: [],
  };
  putKey(state, key);
  state.materials.put(placeOf(key), [{ id: kernel.random.hex(64), bytes: kernel.random.bytes(32) }]);
  const name = `alias/aws/${service}`;
  const alias = { name, arn: aliasArn(scope, name), keyId: id, createdMs: nowMs, changedMs: nowMs };
  state.aliases.put([scope.account, scope.region, name], alias);
  scheduleRotation(kernel, key);
  return key;
}

/** AWS: such a key serves the account's callers through its service only; people may look at it. */
function ownKeyPolicy(scope: Scope, service: string): string {
  const via = {
    "kms:ViaService": `${service}.${scope.region}.amazonaws.com`,
    "kms:CallerAccount": scope.account,
  };
  return JSON.stringify({
    Version: "2012-10-17",
    Id: `auto-${service}-1`,
    Statement: [
      {
        Sid: "Allow access through the service for all principals in the account that are authorized to use it",
        Effect: "Allow",
        Principal: { AWS: "*" },
        Action: [
          "kms:Encrypt",
          "kms:Decrypt",
          "kms:ReEncrypt*",
          "kms:GenerateDataKey*",
          "kms:CreateGrant",
          "kms:DescribeKey",
        ],
        Resource: "*",
        Condition: { StringEquals: via },
      },
      {
        Sid: "Allow direct access to key metadata to the account",
        Effect: "Allow",
        Principal: { AWS: globalArn("iam", scope.account, "root") },
        Action: ["kms:Describe*", "kms:Get*", "kms:List*", "kms:RevokeGrant"],
        Resource: "*",
      },
    ],
  });
}

export function specOf(key: KeyRecord): Spec {
  return findSpec(key.spec)!;
}

/** @throws AwsError DisabledException, KMSInvalidStateException */
export function checkUsable(key: KeyRecord): void {
  if (key.state === "PendingDeletion") throw pendingDeletion(key.arn);
  if (key.state === "Disabled") throw disabled(key.arn);
}

export function checkNotPending(key: KeyRecord): void {
  if (key.state === "PendingDeletion") throw pendingDeletion(key.arn);
}

/** @throws AwsError InvalidKeyUsageException */
export function checkUsage(key: KeyRecord, usage: KeyRecord["usage"], operation: string): void {
  if (key.usage !== usage)
    throw invalidUsage(`${key.arn} key usage is ${key.usage} which is not valid for ${operation}.`);
}

/** @throws AwsError InvalidKeyUsageException */
export function checkAlgorithm(key: KeyRecord, algorithm: string, known: readonly string[] = []): void {
  if (!known.includes(algorithm))
    throw invalidUsage(`Algorithm ${algorithm} is incompatible with key spec ${key.spec}.`);
}

export const ROTATION = "kms.rotation";
export const DELETION = "kms.deletion";
const DAY_MS = 86_400_000;

/** Sets the timer of the next automatic rotation, counted from now. */
export function scheduleRotation({ timers, clock }: Kernel, key: KeyRecord): void {
  if (key.rotationDays === undefined) timers.cancel(ROTATION, key.arn);
  else timers.set(ROTATION, key.arn, clock.now() + key.rotationDays * DAY_MS, placeOf(key));
}

/** New material; what older material encrypted it still decrypts. */
export function addMaterial(
  { state, kernel }: { state: KmsState; kernel: Kernel },
  key: KeyRecord,
  type: "AUTOMATIC" | "ON_DEMAND",
): void {
  const materials = state.materials.get(placeOf(key)) ?? [];
  materials.push({ id: kernel.random.hex(64), bytes: kernel.random.bytes(32) });
  state.materials.put(placeOf(key), materials);
  key.rotations.push({ atMs: kernel.clock.now(), type });
  putKey(state, key);
}

export function metadata(cx: Cx, key: KeyRecord): KeyMetadata {
  const spec = specOf(key);
  return {
    AWSAccountId: key.account,
    KeyId: key.id,
    Arn: key.arn,
    CreationDate: new Date(key.createdMs),
    Enabled: key.state === "Enabled",
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.state,
    ...(key.deleteAtMs === undefined ? {} : { DeletionDate: new Date(key.deleteAtMs) }),
    Origin: "AWS_KMS",
    KeyManager: key.manager,
    CustomerMasterKeySpec: key.spec as KeyMetadata["CustomerMasterKeySpec"],
    KeySpec: key.spec,
    ...(key.usage === "ENCRYPT_DECRYPT" ? { EncryptionAlgorithms: [...(spec.encryption ?? [])] } : {}),
    ...(key.usage === "SIGN_VERIFY" ? { SigningAlgorithms: [...(spec.signing ?? [])] } : {}),
    ...(key.usage === "GENERATE_VERIFY_MAC" ? { MacAlgorithms: [...(spec.mac ?? [])] } : {}),
    MultiRegion: false,
    ...(spec.kind === "symmetric" ? { CurrentKeyMaterialId: currentMaterial(cx.state, key).id } : {}),
  };
}
