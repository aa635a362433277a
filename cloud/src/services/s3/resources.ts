import type { ResourceType } from "../../deploy/resource.ts";
import { bucket } from "./resources/bucket.ts";
import { bucketPolicy } from "./resources/bucket-policy.ts";

/** The CloudFormation types of S3. */
export const resources: readonly ResourceType[] = [bucket, bucketPolicy];
