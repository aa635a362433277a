import type { ParameterTier, ParameterType } from "@aws-sdk/client-ssm";
import type { CallContext } from "../../service.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";

/** A parameter beside its versions. */
export interface ParameterRecord {
  readonly name: string;
  readonly type: ParameterType;
  /** Number of the version in force; the first is 1. */
  version: number;
  /** When its Expiration policy deletes it. */
  expiresMs?: number | undefined;
  tags: Record<string, string>;
  /** Label → version. */
  labels: Record<string, number>;
}

export interface VersionRecord {
  readonly version: number;
  /** As given; of a SecureString the ciphertext in base 64. */
  readonly value: string;
  readonly tier: ParameterTier;
  readonly dataType: string;
  readonly modifiedMs: number;
  /** ARN of who wrote it. */
  readonly modifiedBy: string;
  readonly description?: string | undefined;
  readonly allowedPattern?: string | undefined;
  readonly keyId?: string | undefined;
  /** The policies as given, JSON text. */
  readonly policies?: string | undefined;
}

export interface SsmState {
  /** [account, region, name] */
  readonly parameters: Collection<ParameterRecord>;
  /** [account, region, name, version] */
  readonly versions: Collection<VersionRecord>;
  /** [account, region]: the key that stands for alias/aws/ssm, 32 bytes. */
  readonly keys: Collection<Uint8Array>;
}

export type Cx = CallContext<SsmState>;

export function openSsmState({ store }: Kernel): SsmState {
  return {
    parameters: store.collection("ssm.parameters"),
    versions: store.collection("ssm.versions"),
    keys: store.collection("ssm.keys"),
  };
}

/** A parameter that is there and not expired. */
export function findParameter(cx: Cx, name: string): ParameterRecord | undefined {
  const { account, region } = cx.scope;
  const found = cx.state.parameters.get([account, region, name]);
  return found && !isExpired(cx, found) ? found : undefined;
}

/** AWS: the Expiration policy deletes a parameter when its time comes. */
export function isExpired(cx: Cx, { expiresMs }: ParameterRecord): boolean {
  return expiresMs !== undefined && expiresMs <= cx.kernel.clock.now();
}

/** The parameters under a path (`/` for all), in order of their names. */
export function* parametersUnder(cx: Cx, path: string): Iterable<ParameterRecord> {
  const { account, region } = cx.scope;
  const start = path === "/" ? "" : path.endsWith("/") ? path : `${path}/`;
  for (const record of cx.state.parameters.values({ prefix: [account, region], from: [account, region, start] })) {
    if (!record.name.startsWith(start)) return;
    if (!isExpired(cx, record)) yield record;
  }
}

export function putParameter(cx: Cx, record: ParameterRecord): void {
  cx.state.parameters.put([cx.scope.account, cx.scope.region, record.name], record);
}

export function putVersion(cx: Cx, name: string, version: VersionRecord): void {
  cx.state.versions.put([cx.scope.account, cx.scope.region, name, version.version], version);
}

export function versionsOf(cx: Cx, name: string): VersionRecord[] {
  return Array.from(cx.state.versions.values({ prefix: [cx.scope.account, cx.scope.region, name] }));
}

export function findVersion(cx: Cx, name: string, version: number): VersionRecord | undefined {
  return cx.state.versions.get([cx.scope.account, cx.scope.region, name, version]);
}

export function removeVersion(cx: Cx, name: string, version: number): void {
  cx.state.versions.remove([cx.scope.account, cx.scope.region, name, version]);
}

export function removeParameter(cx: Cx, name: string): void {
  for (const { version } of versionsOf(cx, name)) removeVersion(cx, name, version);
  cx.state.parameters.remove([cx.scope.account, cx.scope.region, name]);
}
