import { AwsError } from "../aws/error.ts";
import type { HttpHead, SignedText, Signer } from "../http.ts";
import type { Authority, KnownCredentials } from "../iam/authority.ts";
import type { Clock } from "../kernel/clock.ts";
import { checkQueryParameters, checkScope, refuseUnsigned } from "./auth-checks.ts";
import { authError } from "./auth-errors.ts";
import type { ChunkSignatures } from "./aws-chunked.ts";
import { findSignature, identify, type Caller, type Signature } from "./identity.ts";
import type { Operation, Protocol } from "./model.ts";
import { checkHeadersAreSigned } from "./presigned.ts";
import { bucketOfHost } from "./s3-router.ts";
import {
  chunkSignatures,
  compactDate,
  dateOf,
  parseDate,
  sameSignature,
  sha256,
  signRequest,
  signText,
  signV2,
  UNSIGNED_PAYLOAD,
} from "./sigv4.ts";

/** `relaxed` accepts any well-formed credentials, `strict` only known ones with right signatures. */
export type AuthMode = "relaxed" | "strict";

/** A request, and the protocol in which what is wrong with it is told. */
interface Told {
  readonly head: HttpHead;
  readonly protocol: Protocol;
}

export interface Claim extends Told {
  readonly signature: Signature | undefined;
  readonly operation: Operation;
}

/** What a signature of a text lacks of one of a request. */
const TEXT_SIGNATURE = { kind: "query", algorithm: "", signedHeaders: "" } as const;

const REGION = /^[a-z0-9-]{0,40}$/;
const MINUTE_MS = 60_000;
/** AWS: S3 allows 15 minutes between its clock and the sender's, the others 5. */
const SKEW_MS_MAX = { s3: 15 * MINUTE_MS, other: 5 * MINUTE_MS };

/** Checks who calls, as far as the mode asks for it. Presigned addresses are checked in both modes. */
export class Authentication {
  readonly #mode: AuthMode;
  readonly #authority: Authority;
  readonly #clock: Clock;
  /** When this cloud's clock was last moved by hand, by the machine's clock. */
  #movedMs = Number.NEGATIVE_INFINITY;

  constructor(mode: AuthMode, authority: Authority, clock: Clock) {
    this.#mode = mode;
    this.#authority = authority;
    this.#clock = clock;
    clock.onMoved(() => (this.#movedMs = this.#machineMs()));
  }

  /**
   * Finds the caller of an operation.
   * @throws AwsError in the protocol's words: unsigned where that is not allowed, unknown or expired credentials
   */
  caller({ signature, protocol, operation, head }: Claim): Caller {
    if (!signature) refuseUnsigned(operation, head, protocol);
    const caller = this.#identify(signature, protocol);
    if (signature && this.#mode === "strict") {
      checkScope(signature, operation, head, protocol);
      if (!caller.known) throw authError("unknown", protocol, undefined, { AWSAccessKeyId: signature.accessKeyId });
      checkToken(tokenOf(head), caller.known, protocol);
    }
    return caller;
  }

  /**
   * The caller of a data plane. Where it has an authorization of another kind (a JWT), that is none of ours.
   * @throws AwsError for a signature that is not right
   */
  planeCaller(head: HttpHead, body: Buffer): Caller {
    const signature = findPlaneSignature(head);
    const caller = this.#identify(signature, "restJson1");
    if (!signature) return caller;
    if (signature.kind === "query")
      this.#verifyPresigned({ head, protocol: "restJson1" }, signature, caller.known, body);
    else if (this.#mode === "strict") {
      if (!caller.known) throw authError("unknown", "restJson1");
      checkToken(tokenOf(head), caller.known, "restJson1");
      this.#checkSkew({ head, protocol: "restJson1" });
      this.#compare({ head, protocol: "restJson1" }, signature, caller.known, payloadHash(head, body));
    }
    return caller;
  }

  /**
   * Who signed a text in a body.
   * @throws AwsError in S3's words
   */
  signer(signed: SignedText): Signer {
    const { accessKeyId, signature } = signed;
    const scope = signed.scope ?? { date: "", region: "", service: "s3" };
    const caller = this.#identify({ ...TEXT_SIGNATURE, ...scope, accessKeyId, signature }, "restXml");
    const { known } = caller;
    if (known) {
      if (this.#mode === "strict") checkToken(signed.sessionToken ?? "", known, "restXml");
      if (!sameSignature(signText(known.secretAccessKey, signed), signature))
        throw authError("mismatch", "restXml", undefined, {
          AWSAccessKeyId: accessKeyId,
          StringToSign: signed.text,
          SignatureProvided: signature,
        });
    } else if (this.#mode === "strict")
      throw authError("unknown", "restXml", undefined, { AWSAccessKeyId: accessKeyId });
    return { principal: caller.principal, scope: caller.scope, isProven: known !== undefined };
  }

  #identify(signature: Signature | undefined, protocol: Protocol): Caller {
    if (signature && !REGION.test(signature.region))
      throw authError(
        "mismatch",
        protocol,
        `Credential should be scoped to a valid region, not '${signature.region}'.`,
      );
    try {
      return identify(signature, this.#authority);
    } catch (error) {
      // IAM tells these in the query protocol's words.
      if (error instanceof AwsError && error.code === "ExpiredToken") throw authError("expired", protocol);
      if (error instanceof AwsError && error.code === "InvalidClientTokenId") throw authError("unknown", protocol);
      throw error;
    }
  }

  /**
   * Checks a signature.
   * @param body whole body; undefined for one that is streamed, whose hash the head tells
   * @throws AwsError in the protocol's words
   */
  verify(claim: Claim, caller: Caller, body: Buffer | undefined): void {
    const { signature } = claim;
    if (!signature) return;
    if (signature.kind === "query-v2") this.#verifyV2(claim, signature, caller.known);
    else if (signature.kind === "query") this.#verifyPresigned(claim, signature, caller.known, body);
    else if (this.#mode === "strict") {
      this.#checkSkew(claim);
      this.#compare(claim, signature, caller.known!, payloadHash(claim.head, body));
    }
  }

  /** Checks the chunks of a signed stream; undefined where there is nothing to check. */
  chunks({ head, signature, protocol }: Claim, caller: Caller): ChunkSignatures | undefined {
    if (this.#mode !== "strict" || !signature || !caller.known) return undefined;
    if (!head.headers["x-amz-content-sha256"]?.startsWith("STREAMING-AWS4-HMAC-SHA256-PAYLOAD")) return undefined;
    return chunkSignatures(head, signature, caller.known.secretAccessKey, () => authError("mismatch", protocol));
  }

  #compare({ head, protocol }: Told, signature: Signature, known: KnownCredentials, hash: string): void {
    const signed = signRequest(head, signature, known.secretAccessKey, hash);
    if (sameSignature(signed.signature, signature.signature)) return;
    throw authError("mismatch", protocol, undefined, {
      AWSAccessKeyId: signature.accessKeyId,
      StringToSign: signed.stringToSign,
      SignatureProvided: signature.signature,
      CanonicalRequest: signed.canonicalRequest,
    });
  }

  /** The sender may go by the machine's clock or by this cloud's, which functions see. */
  #checkSkew({ head, protocol }: Told): void {
    const date = dateOf(head);
    const atMs = parseDate(date);
    if (atMs === undefined)
      throw authError("incomplete", protocol, `Date must be in ISO-8601 'basic format'. Got '${date}'.`);
    const maxMs = protocol === "restXml" ? SKEW_MS_MAX.s3 : SKEW_MS_MAX.other;
    const nowMs = this.#clock.now();
    if (Math.abs(atMs - nowMs) <= maxMs || Math.abs(atMs - this.#machineMs()) <= maxMs) return;
    const limit = compactDate(nowMs + (atMs < nowMs ? -maxMs : maxMs));
    const relation =
      atMs < nowMs ? "Signature expired: %s is now earlier than" : "Signature not yet current: %s is still later than";
    const told = `${relation.replace("%s", date)} ${limit} (${compactDate(nowMs)} ${atMs < nowMs ? "-" : "+"} ${maxMs / MINUTE_MS} min.)`;
    throw authError("skewed", protocol, told, {
      RequestTime: date,
      ServerTime: isoSeconds(nowMs),
      MaxAllowedSkewMilliseconds: maxMs,
    });
  }

  #verifyPresigned(
    claim: Told,
    signature: Signature,
    known: KnownCredentials | undefined,
    body: Buffer | undefined,
  ): void {
    const { head, protocol } = claim;
    const isS3 = protocol === "restXml";
    const query = new URLSearchParams(head.query);
    const atMs = parseDate(query.get("X-Amz-Date") ?? "");
    const expires = query.get("X-Amz-Expires") ?? (isS3 ? "" : "900");
    if (isS3) {
      checkQueryParameters(query, atMs, expires);
      checkHeadersAreSigned(head, signature.signedHeaders);
    }
    if (atMs === undefined) throw authError("incomplete", protocol, "The request lacks a valid X-Amz-Date.");
    this.#checkExpiry(atMs, atMs + Number(expires) * 1000, expires, protocol);
    if (known)
      this.#compare(
        claim,
        signature,
        known,
        query.get("X-Amz-Content-Sha256") ??
          head.headers["x-amz-content-sha256"] ??
          (isS3 ? UNSIGNED_PAYLOAD : sha256(body ?? "")),
      );
  }

  #verifyV2({ head, protocol }: Claim, signature: Signature, known: KnownCredentials | undefined): void {
    const expires = new URLSearchParams(head.query).get("Expires") ?? "";
    if (!/^\d+$/.test(expires))
      throw new AwsError(
        "AccessDenied",
        "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
        { status: 403 },
      );
    // Version 2 does not tell when it was signed: it is taken as signed by the machine's clock, up to the last move.
    this.#checkExpiry(this.#movedMs, Number(expires) * 1000, undefined, protocol);
    if (known && !sameSignature(signV2(head, known.secretAccessKey, bucketOfHost(head.host)), signature.signature))
      throw authError("mismatch", protocol, undefined, {
        AWSAccessKeyId: signature.accessKeyId,
        SignatureProvided: signature.signature,
      });
  }

  #checkExpiry(signedMs: number, expiresMs: number, seconds: string | undefined, protocol: Protocol): void {
    const nowMs = this.#nowFor(signedMs);
    if (nowMs <= expiresMs) return;
    if (protocol !== "restXml")
      throw authError(
        "skewed",
        protocol,
        `Signature expired: ${compactDate(expiresMs)} is now earlier than ${compactDate(nowMs)}`,
      );
    const members = {
      ...(seconds === undefined ? {} : { "X-Amz-Expires": seconds }),
      Expires: isoSeconds(expiresMs),
      ServerTime: isoSeconds(nowMs),
    };
    throw new AwsError("AccessDenied", "Request has expired", { status: 403, members });
  }

  /**
   * The clock that a signature's age is told by. Tools outside sign with the machine's clock, also after this cloud's
   * was moved: what they sign then is new. What was signed before the move aged with it.
   */
  #nowFor(signedMs: number): number {
    const machineMs = this.#machineMs();
    const nowMs = this.#clock.now();
    // A clock that was started at some other time was never moved; what functions sign is nearer to it.
    const isNearer = Math.abs(signedMs - machineMs) <= Math.abs(signedMs - nowMs);
    const bySystem = isNearer && signedMs >= this.#movedMs && signedMs <= machineMs + SKEW_MS_MAX.other;
    return bySystem ? machineMs : nowMs;
  }

  #machineMs(): number {
    return this.#clock.now() - this.#clock.offsetMs;
  }
}

/** The token that is given beside an access key. */
function tokenOf(head: HttpHead): string {
  return head.headers["x-amz-security-token"] ?? new URLSearchParams(head.query).get("X-Amz-Security-Token") ?? "";
}

/** AWS: temporary credentials are only good together with their token. */
function checkToken(given: string, { sessionToken }: KnownCredentials, protocol: Protocol): void {
  if (sessionToken === undefined || sameSignature(given, sessionToken)) return;
  if (protocol === "restXml")
    throw new AwsError("InvalidToken", "The provided token is malformed or otherwise invalid.", { status: 400 });
  throw authError("unknown", protocol);
}

function payloadHash(head: HttpHead, body: Buffer | undefined): string {
  const told = head.headers["x-amz-content-sha256"];
  // A hash that is told is taken for signing, and must be the body's; S3 compares it itself, also in a stream.
  if (told !== undefined && (body === undefined || !/^[0-9a-f]{64}$/.test(told))) return told;
  return sha256(body ?? "");
}

function isoSeconds(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+/, "");
}

/** A header or query that only looks like a signature says nothing at a data plane. Version 2 is S3's alone. */
function findPlaneSignature(head: HttpHead): Signature | undefined {
  try {
    const signature = findSignature(head);
    return signature?.kind === "query-v2" ? undefined : signature;
  } catch {
    return undefined;
  }
}
