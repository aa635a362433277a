/** Versions of a secret and the staging labels that move between them. */
import { bothValues, invalidParameter, tokenInUse } from "./errors.ts";
import { putSecret, putValue, valueOf, type Cx, type SecretRecord, type SecretValue, type Version } from "./state.ts";

export const CURRENT = "AWSCURRENT";
export const PREVIOUS = "AWSPREVIOUS";
export const PENDING = "AWSPENDING";

const BYTES_MAX = 65_536;
/** AWS: "there can be about 100 versions", the deprecated ones go first. */
const VERSIONS_MAX = 100;

/** The value that an input carries; undefined where it carries none. @throws AwsError InvalidParameterException */
export function valueIn(input: {
  readonly SecretString?: string | undefined;
  readonly SecretBinary?: Uint8Array | undefined;
}): SecretValue | undefined {
  const { SecretString: text, SecretBinary: binary } = input;
  if (text !== undefined && binary !== undefined) throw bothValues();
  if (text !== undefined && Buffer.byteLength(text) > BYTES_MAX)
    throw invalidParameter(`The secret value can't exceed ${BYTES_MAX} bytes.`);
  if (text !== undefined) return { text };
  return binary === undefined ? undefined : { binary };
}

export function versionAt(secret: SecretRecord, stage: string): Version | undefined {
  return secret.versions.find(({ stages }) => stages.includes(stage));
}

export function versionOf(secret: SecretRecord, id: string): Version | undefined {
  return secret.versions.find((version) => version.id === id);
}

/**
 * Adds a version with a value and gives it staging labels. The same id again with the same value does nothing more.
 * AWS: the first version is AWSCURRENT in any case.
 * @throws AwsError ResourceExistsException where the id stands for another value
 */
export function addVersion(cx: Cx, secret: SecretRecord, id: string, value: SecretValue, stages: string[]): Version {
  const known = versionOf(secret, id);
  const kept = known && valueOf(cx.state, secret, id);
  if (kept && !isSame(kept, value)) throw tokenInUse(id, secret.arn);
  if (known && kept) return known;
  const nowMs = cx.kernel.clock.now();
  const version = known ?? { id, createdMs: nowMs, stages: [] };
  if (!known) secret.versions.push(version);
  version.createdMs = nowMs;
  const wanted = versionAt(secret, CURRENT) ? stages : [...new Set([...stages, CURRENT])];
  for (const stage of wanted) moveStage(secret, stage, version);
  putValue(cx.state, secret, id, value);
  secret.changedMs = nowMs;
  prune(cx, secret);
  putSecret(cx.state, secret);
  return version;
}

/** Moves a label to a version. AWS: what loses AWSCURRENT gets AWSPREVIOUS. */
export function moveStage(secret: SecretRecord, stage: string, to: Version): void {
  const from = versionAt(secret, stage);
  if (from === to) return;
  if (from) removeStage(from, stage);
  to.stages.push(stage);
  if (stage === CURRENT && from) moveStage(secret, PREVIOUS, from);
}

export function removeStage(version: Version, stage: string): void {
  version.stages = version.stages.filter((one) => one !== stage);
}

function isSame(a: SecretValue, b: SecretValue): boolean {
  if (a.text !== undefined || b.text !== undefined) return a.text === b.text;
  return Buffer.from(a.binary!).equals(Buffer.from(b.binary!));
}

function prune(cx: Cx, secret: SecretRecord): void {
  while (secret.versions.length > VERSIONS_MAX) {
    const oldest = secret.versions.findIndex(({ stages }) => stages.length === 0);
    if (oldest < 0) return;
    const [gone] = secret.versions.splice(oldest, 1);
    cx.state.values.remove([secret.account, secret.region, secret.name, gone!.id]);
  }
}
