import type { GrantConstraints, GrantOperation, KeySpec, KeyUsageType, RotationType } from "@aws-sdk/client-kms";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { CallContext } from "../../service.ts";

export interface KeyRecord {
  readonly account: string;
  readonly region: string;
  readonly id: string;
  readonly arn: string;
  readonly createdMs: number;
  readonly manager: "CUSTOMER" | "AWS";
  readonly spec: KeySpec;
  readonly usage: KeyUsageType;
  description: string;
  state: "Enabled" | "Disabled" | "PendingDeletion";
  deleteAtMs?: number | undefined;
  /** JSON text. */
  policy: string;
  tags: Record<string, string>;
  /** Days between automatic rotations; undefined where there are none. */
  rotationDays?: number | undefined;
  /** The latest last. */
  rotations: { atMs: number; type: RotationType }[];
}

/** What is secret of a key: 32 bytes, an HMAC key, or a private key (PKCS #8, DER). */
export interface Material {
  /** 64 hexadecimal digits. */
  readonly id: string;
  readonly bytes: Uint8Array;
}

export interface AliasRecord {
  readonly name: string;
  readonly arn: string;
  keyId: string;
  readonly createdMs: number;
  changedMs: number;
}

export interface GrantRecord {
  readonly id: string;
  readonly token: string;
  readonly keyArn: string;
  readonly grantee: string;
  readonly retiring?: string | undefined;
  readonly operations: GrantOperation[];
  readonly constraints?: GrantConstraints | undefined;
  readonly name?: string | undefined;
  readonly issuer: string;
  readonly createdMs: number;
}

export interface KmsState {
  /** [account, region, key id] */
  readonly keys: Collection<KeyRecord>;
  /** [account, region, key id]: the current one last. */
  readonly materials: Collection<Material[]>;
  /** [account, region, alias name] */
  readonly aliases: Collection<AliasRecord>;
  /** [account, region, key id, grant id] */
  readonly grants: Collection<GrantRecord>;
}

export type Cx = CallContext<KmsState>;

export function openKmsState({ store }: Kernel): KmsState {
  return {
    keys: store.collection("kms.keys"),
    materials: store.collection("kms.materials"),
    aliases: store.collection("kms.aliases"),
    grants: store.collection("kms.grants"),
  };
}

export function placeOf({ account, region, id }: KeyRecord): [string, string, string] {
  return [account, region, id];
}

export function putKey(state: KmsState, key: KeyRecord): void {
  state.keys.put(placeOf(key), key);
}

export function materialsOf(state: KmsState, key: KeyRecord): Material[] {
  return state.materials.get(placeOf(key)) ?? [];
}

/** The material that new ciphertexts and signatures are made with. */
export function currentMaterial(state: KmsState, key: KeyRecord): Material {
  const material = materialsOf(state, key).at(-1);
  if (!material) throw new Error(`Key ${key.arn} has no material`);
  return material;
}
