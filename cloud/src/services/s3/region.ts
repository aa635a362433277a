import type { BucketLocationConstraint } from "@aws-sdk/client-s3";
import { illegalLocationConstraint, invalidLocationConstraint } from "./errors.ts";

const GLOBAL = "us-east-1";

/** AWS: "Regions and endpoints for Amazon S3". */
const REGIONS = new Set(
  (
    "af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ap-southeast-1 " +
    "ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ca-central-1 ca-west-1 " +
    "eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 il-central-1 " +
    "me-central-1 me-south-1 mx-central-1 sa-east-1 us-east-1 us-east-2 us-west-1 us-west-2 " +
    "us-gov-east-1 us-gov-west-1 cn-north-1 cn-northwest-1"
  ).split(" "),
);

export function isRegion(name: string): boolean {
  return REGIONS.has(name);
}

/**
 * The Region of a new bucket: `us-east-1` takes any, every other Region only itself, said explicitly.
 * @param endpoint Region that the request is signed for
 * @throws AwsError IllegalLocationConstraintException, InvalidLocationConstraint
 */
export function placeBucket(endpoint: string, constraint: string | undefined): string {
  if (constraint === undefined || constraint === "") {
    if (endpoint !== GLOBAL) throw illegalLocationConstraint("unspecified");
    return GLOBAL;
  }
  const region = constraint === "EU" ? "eu-west-1" : constraint;
  // AWS: the classic Region is never named.
  if (region === GLOBAL || !isRegion(region)) throw invalidLocationConstraint(constraint);
  if (endpoint !== GLOBAL && region !== endpoint) throw illegalLocationConstraint(constraint);
  return region;
}

/** As GetBucketLocation answers: nothing for the classic Region. */
export function locationConstraint(region: string): BucketLocationConstraint | undefined {
  return region === GLOBAL ? undefined : (region as BucketLocationConstraint);
}
