import type { Readable } from "node:stream";
import type { Scope } from "./aws/scope.ts";
import type { Principal } from "./iam/principal.ts";

/** The head of a request as it came in, before its body is read. */
export interface HttpHead {
  readonly method: string;
  /** Path and query as sent, still encoded: `/orders/a%2Fb?x=1`. */
  readonly target: string;
  /** The path of `target`, still encoded. */
  readonly path: string;
  /** The query of `target` without `?`, still encoded; empty for none. */
  readonly query: string;
  /** Lower-case names; repeated headers joined as Node joins them. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  /** Host header without port, lower case. */
  readonly host: string;
  readonly sourceIp: string;
  readonly httpVersion: string;
}

export interface HttpRequest extends HttpHead {
  /** Names and values as sent, in order, for data planes that pass repeated headers on. */
  readonly rawHeaders: readonly string[];
  readonly body: Buffer;
  /** Only for a data plane that streams. */
  readonly upload?: HttpUpload;
}

/** A body as it comes; the request's `body` is empty then. */
export interface HttpUpload {
  /** Fails with an AwsError where the client goes away. */
  readonly stream: Readable;
  /**
   * Who signed a text that stands in the body.
   * @throws AwsError in S3's words for a wrong signature; in strict mode also for a key that we never gave out
   */
  readonly findSigner: (signed: SignedText) => Signer;
}

/** A text and its signature; of version 4 where it has a scope, else of version 2. */
export interface SignedText {
  readonly text: string;
  readonly signature: string;
  readonly accessKeyId: string;
  readonly sessionToken: string | undefined;
  readonly scope?: { readonly date: string; readonly region: string; readonly service: string };
}

export interface Signer {
  readonly principal: Principal;
  readonly scope: Scope;
  /** Whether the signature was checked; in relaxed mode anybody may claim a key that we never gave out. */
  readonly isProven: boolean;
}

export interface HttpResponse {
  status: number;
  /** An array sends the header once for each value. */
  headers: Record<string, string | string[]>;
  body?: Uint8Array | string | Readable;
}
