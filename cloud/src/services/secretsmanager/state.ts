import type { RotationRulesType } from "@aws-sdk/client-secrets-manager";
import type { Scope } from "../../aws/scope.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { CallContext } from "../../service.ts";

/** A secret beside the values of its versions. */
export interface SecretRecord {
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly arn: string;
  readonly createdMs: number;
  changedMs: number;
  /** The day on which it was last read; AWS tells no time. */
  accessedMs?: number | undefined;
  rotatedMs?: number | undefined;
  /** When DeleteSecret was called, and when the secret goes. */
  deletedMs?: number | undefined;
  deleteAtMs?: number | undefined;
  description?: string | undefined;
  kmsKeyId?: string | undefined;
  /** The resource policy, JSON text. */
  policy?: string | undefined;
  tags: Record<string, string>;
  rotation?: Rotation | undefined;
  /** In the order made. */
  versions: Version[];
}

export interface Rotation {
  readonly enabled: boolean;
  readonly functionArn: string;
  readonly rules: RotationRulesType;
  /** When rotation was set up or last happened; rates count from here. */
  readonly sinceMs: number;
}

export interface Version {
  readonly id: string;
  createdMs: number;
  accessedMs?: number | undefined;
  stages: string[];
}

/** The value of a version; a version that rotation has only just named has none. */
export interface SecretValue {
  readonly text?: string | undefined;
  readonly binary?: Uint8Array | undefined;
}

/** A rotation under way. */
export interface RotationWork {
  readonly scope: Scope;
  readonly name: string;
  readonly versionId: string;
  /** Only the step testSecret, and the version goes afterwards: RotateImmediately false. */
  readonly testOnly: boolean;
}

export interface SecretsState {
  /** [account, region, name] */
  readonly secrets: Collection<SecretRecord>;
  /** [account, region, name, version id] */
  readonly values: Collection<SecretValue>;
  /** Set when the service starts. */
  rotate: (work: RotationWork) => void;
}

export type Cx = CallContext<SecretsState>;

export function openSecretsState({ store }: Kernel): SecretsState {
  return {
    secrets: store.collection("secretsmanager.secrets"),
    values: store.collection("secretsmanager.values"),
    rotate: () => {
      throw new Error("Secrets Manager has not started");
    },
  };
}

export function putSecret(state: SecretsState, secret: SecretRecord): void {
  state.secrets.put([secret.account, secret.region, secret.name], secret);
}

export function valueOf(state: SecretsState, secret: SecretRecord, versionId: string): SecretValue | undefined {
  return state.values.get([secret.account, secret.region, secret.name, versionId]);
}

export function putValue(state: SecretsState, secret: SecretRecord, versionId: string, value: SecretValue): void {
  state.values.put([secret.account, secret.region, secret.name, versionId], value);
}

export function removeSecret(state: SecretsState, { account, region, name }: SecretRecord): void {
  state.values.clear({ prefix: [account, region, name] });
  state.secrets.remove([account, region, name]);
}
