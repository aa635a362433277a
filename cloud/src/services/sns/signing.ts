/**
 * The key that SNS signs messages with, and its certificate, made when first needed and kept.
 * AWS: "Verifying the signatures of Amazon SNS messages".
 */
import { createPrivateKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import { selfSignedCertificate } from "./certificate.ts";

interface SigningRecord {
  /** In the certificate's address. */
  readonly id: string;
  /** PEM */
  readonly privateKey: string;
  /** PEM */
  readonly certificate: string;
}

const KEY_BITS = 2048;
const YEAR_MS = 365 * 86_400_000;
const VALID_YEARS = 20;
/** Signatures of the last messages: one serves all subscribers of a message. */
const RECENT_MAX = 200;

const makeKeyPair = promisify(generateKeyPair);
const signAsync = promisify(
  (algorithm: string, data: Buffer, key: KeyObject, done: (error: Error | null, signature: Buffer) => void) =>
    sign(algorithm, data, key, done),
);

export class Signing {
  readonly #kept: Collection<SigningRecord>;
  readonly #recent = new Map<string, Promise<string>>();
  #key: Promise<{ id: string; privateKey: KeyObject }> | undefined;

  constructor(private readonly kernel: Kernel) {
    this.#kept = kernel.store.collection("sns.signing");
  }

  /** @returns base64 */
  sign(text: string, version: "1" | "2"): Promise<string> {
    const known = this.#recent.get(text);
    if (known) return known;
    const signature = this.#sign(text, version);
    this.#recent.set(text, signature);
    if (this.#recent.size > RECENT_MAX) this.#recent.delete(this.#recent.keys().next().value!);
    return signature;
  }

  async #sign(text: string, version: "1" | "2"): Promise<string> {
    const { privateKey } = await this.#open();
    const signature = await signAsync(version === "1" ? "sha1" : "sha256", Buffer.from(text), privateKey);
    return signature.toString("base64");
  }

  /** The path of the certificate, e.g. `/SimpleNotificationService-0123456789abcdef0123456789abcdef.pem`. */
  async certificatePath(): Promise<string> {
    return `/SimpleNotificationService-${(await this.#open()).id}.pem`;
  }

  /** PEM, where it is the id of ours. */
  findCertificate(id: string): string | undefined {
    const kept = this.#kept.get([]);
    return kept?.id === id ? kept.certificate : undefined;
  }

  #open(): Promise<{ id: string; privateKey: KeyObject }> {
    this.#key ??= this.#make().then(({ id, privateKey }) => ({ id, privateKey: createPrivateKey(privateKey) }));
    return this.#key;
  }

  async #make(): Promise<SigningRecord> {
    const kept = this.#kept.get([]);
    if (kept) return kept;
    const { privateKey } = await makeKeyPair("rsa", { modulusLength: KEY_BITS });
    const { clock, random, store } = this.kernel;
    const nowMs = clock.now();
    const record: SigningRecord = {
      id: random.hex(32),
      privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      certificate: selfSignedCertificate({
        privateKey,
        commonName: "sns.amazonaws.com",
        serial: random.hex(32),
        // The clock may be moved back and forth: only the real time matters to who verifies.
        fromMs: nowMs - YEAR_MS,
        toMs: nowMs + VALID_YEARS * YEAR_MS,
      }),
    };
    store.transaction(() => this.#kept.put([], record));
    return record;
  }
}
