import { resourceError } from "./error.ts";
import { isObject, type Json } from "./json.ts";

/** `s3://bucket/key?versionId=…` taken apart. */
function parseS3Uri(uri: unknown): { Bucket: string; Key: string; Version?: string } | undefined {
  if (typeof uri !== "string") return undefined;
  let url: URL;
  try {
    url = new URL(uri);
  } catch {
    return undefined;
  }
  // A URL's host is made lower case for the schemes it knows only: `s3:` keeps the bucket as written.
  if (url.protocol !== "s3:") return undefined;
  const Bucket = url.host;
  const Key = decodeURI(url.pathname).replace(/^\//, "");
  const versions = url.searchParams.getAll("versionId");
  if (Bucket === "" || Key === "") return undefined;
  return { Bucket, Key, ...(versions.length === 1 ? { Version: versions[0]! } : {}) };
}

const NOT_S3 = "is not a valid S3 Uri of the form 's3://bucket/key' with optional versionId query parameter.";

function pointer(location: unknown, logicalId: string, property: string): Json {
  if (isObject(location)) {
    if (!location["Bucket"] || !location["Key"])
      throw resourceError(logicalId, `'${property}' requires Bucket and Key properties to be specified.`);
    return location;
  }
  const parsed = parseS3Uri(location);
  if (!parsed) throw resourceError(logicalId, `'${property}' ${NOT_S3}`);
  return parsed;
}

/** A function's or layer's code: `S3Bucket`, `S3Key`. @throws SamError */
export function codeLocation(location: unknown, logicalId: string, property: string): Json {
  if (typeof location !== "string" && !isObject(location))
    throw resourceError(logicalId, `'${property}' must be of type dict or string.`);
  if (
    typeof location === "string" &&
    /\{\{resolve:(ssm|ssm-secure|secretsmanager):[\w.\-/]*\/[\w.\-/]*(:\d+)?\}\}/.test(location)
  )
    throw resourceError(
      logicalId,
      `Unsupported dynamic reference detected in '${property}'. Please consider using alternative 'FunctionCode' object format.`,
    );
  const { Bucket, Key, Version, StorageMode } = pointer(location, logicalId, property);
  return {
    S3Bucket: Bucket,
    S3Key: Key,
    ...(Version === undefined ? {} : { S3ObjectVersion: Version }),
    ...(StorageMode === undefined ? {} : { S3ObjectStorageMode: StorageMode }),
  };
}

/** A document's place (`DefinitionUri`): `Bucket`, `Key`, `Version`. @throws SamError */
export function documentLocation(location: unknown, logicalId: string): Json {
  const { Bucket, Key, Version } = pointer(location, logicalId, "DefinitionUri");
  return { Bucket, Key, ...(Version === undefined ? {} : { Version }) };
}
