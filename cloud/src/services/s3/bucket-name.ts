import { invalidBucketName } from "./errors.ts";

/** AWS: "General purpose bucket naming rules". */
const WELL_FORMED = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
const LIKE_AN_ADDRESS = /^\d+\.\d+\.\d+\.\d+$/;
const RESERVED_PREFIXES = ["xn--", "sthree-", "amzn-s3-demo-"];
const RESERVED_SUFFIXES = ["-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"];

/** @throws AwsError InvalidBucketName */
export function checkBucketName(name: string): void {
  const ok =
    WELL_FORMED.test(name) &&
    !name.includes("..") &&
    !LIKE_AN_ADDRESS.test(name) &&
    !RESERVED_PREFIXES.some((prefix) => name.startsWith(prefix)) &&
    !RESERVED_SUFFIXES.some((suffix) => name.endsWith(suffix));
  if (!ok) throw invalidBucketName(name);
}

/** Directory buckets (S3 Express One Zone) carry their zone in the name: `data--use1-az4--x-s3`. */
export function isDirectoryBucketName(name: string): boolean {
  return name.endsWith("--x-s3");
}
