import { AwsError } from "../aws/error.ts";
import type { Protocol } from "./model.ts";

/** What can be wrong with who a caller says they are; each protocol has its own code and words for it. */
export type AuthFailure =
  /** Unsigned, where a signature is needed. */
  | "missing"
  /** The access key, or its session token, is not one that we gave out. */
  | "unknown"
  | "expired"
  /** The signature is not what we calculate. */
  | "mismatch"
  /** The signature is too old or too new. */
  | "skewed"
  /** The signature lacks a part. */
  | "incomplete";

interface Words {
  readonly code: string;
  readonly message: string;
  readonly status: number;
}

const INVALID_TOKEN = "The security token included in the request is invalid.";
const EXPIRED_TOKEN = "The security token included in the request is expired";
const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";
const EC2_FAILURE = "AWS was not able to validate the provided access credentials";

/** AWS: "Common Errors" of the services' API references, and answers seen. */
const JSON_WORDS: Record<AuthFailure, Words> = {
  missing: { code: "MissingAuthenticationTokenException", message: "Missing Authentication Token", status: 400 },
  unknown: { code: "UnrecognizedClientException", message: INVALID_TOKEN, status: 400 },
  expired: { code: "ExpiredTokenException", message: EXPIRED_TOKEN, status: 400 },
  mismatch: { code: "InvalidSignatureException", message: MISMATCH, status: 400 },
  skewed: { code: "InvalidSignatureException", message: "Signature expired", status: 400 },
  incomplete: { code: "IncompleteSignatureException", message: "", status: 400 },
};
const QUERY_WORDS: Record<AuthFailure, Words> = {
  missing: { code: "MissingAuthenticationToken", message: "Request is missing Authentication Token", status: 403 },
  unknown: { code: "InvalidClientTokenId", message: INVALID_TOKEN, status: 403 },
  expired: { code: "ExpiredToken", message: EXPIRED_TOKEN, status: 403 },
  mismatch: { code: "SignatureDoesNotMatch", message: MISMATCH, status: 403 },
  skewed: { code: "SignatureDoesNotMatch", message: "Signature expired", status: 403 },
  incomplete: { code: "IncompleteSignature", message: "", status: 400 },
};
const EC2_WORDS: Record<AuthFailure, Words> = {
  ...QUERY_WORDS,
  missing: { code: "MissingAuthenticationToken", message: "Request is missing Authentication Token", status: 401 },
  unknown: { code: "AuthFailure", message: EC2_FAILURE, status: 401 },
  mismatch: { code: "AuthFailure", message: EC2_FAILURE, status: 401 },
  expired: { code: "RequestExpired", message: "Request has expired.", status: 400 },
  skewed: { code: "RequestExpired", message: "Request has expired.", status: 400 },
};
const S3_WORDS: Record<AuthFailure, Words> = {
  missing: { code: "AccessDenied", message: "Access Denied", status: 403 },
  unknown: {
    code: "InvalidAccessKeyId",
    message: "The AWS Access Key Id you provided does not exist in our records.",
    status: 403,
  },
  expired: { code: "ExpiredToken", message: "The provided token has expired.", status: 400 },
  mismatch: {
    code: "SignatureDoesNotMatch",
    message:
      "The request signature we calculated does not match the signature you provided. Check your key and signing method.",
    status: 403,
  },
  skewed: {
    code: "RequestTimeTooSkewed",
    message: "The difference between the request time and the current time is too large.",
    status: 403,
  },
  incomplete: { code: "AuthorizationHeaderMalformed", message: "The authorization header is malformed.", status: 400 },
};

/**
 * @param message instead of the usual one, for `skewed` and `incomplete`
 * @param members that S3 tells beside the message
 */
export function authError(
  failure: AuthFailure,
  protocol: Protocol,
  message?: string,
  members?: Record<string, unknown>,
): AwsError {
  const { code, message: usual, status } = wordsOf(protocol)[failure];
  const isRestJson = protocol === "restJson1" && failure !== "incomplete";
  const isS3 = protocol === "restXml";
  return new AwsError(code, isS3 ? usual : (message ?? usual), {
    status: isRestJson ? 403 : status,
    ...(isS3 && members ? { members } : {}),
  });
}

function wordsOf(protocol: Protocol): Record<AuthFailure, Words> {
  switch (protocol) {
    case "restXml":
      return S3_WORDS;
    case "ec2Query":
      return EC2_WORDS;
    case "awsQuery":
      return QUERY_WORDS;
    default:
      return JSON_WORDS;
  }
}
