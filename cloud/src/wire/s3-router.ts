import { AwsError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";
import { getApi } from "./model.ts";
import type { HeadRoute } from "./route.ts";
import { addSorted, chooseBinding, toBinding, type RestBinding } from "./rest-router.ts";

/**
 * S3's model leaves the bucket out of the path (clients put it into the host or the path), so S3 is routed by what is
 * there: nothing, a bucket, or a bucket and a key.
 */
interface Places {
  readonly service: Map<string, RestBinding[]>;
  readonly bucket: Map<string, RestBinding[]>;
  readonly object: Map<string, RestBinding[]>;
}

/** Operations of other endpoints (S3 Express, Object Lambda) whose path an ordinary one has too. */
const ELSEWHERE = new Set(["ListDirectoryBuckets", "WriteGetObjectResponse", "CreateSession"]);

let places: Places | undefined;

function findPlaces(): Places {
  if (places) return places;
  const made: Places = { service: new Map(), bucket: new Map(), object: new Map() };
  for (const binding of getApi("s3").bindings()) {
    if (ELSEWHERE.has(binding.name)) continue;
    const [path, query = ""] = binding.uri.split("?");
    const place = binding.name === "ListBuckets" ? made.service : path === "/{Key+}" ? made.object : made.bucket;
    addSorted(place, binding.method, toBinding(binding, query));
  }
  return (places = made);
}

/** `bucket.s3.amazonaws.com`, `bucket.s3.eu-west-1.amazonaws.com`, `bucket.s3.localhost`, `bucket.localhost`. */
const VIRTUAL_HOST =
  /^(?<bucket>[a-z0-9][a-z0-9.-]*)\.(?:s3[.-](?:[a-z0-9-]+\.)*(?:amazonaws\.com|localhost|localhost\.localstack\.cloud)|localhost)$/;

/** The bucket that a host name carries; undefined for path-style addresses. */
export function bucketOfHost(host: string): string | undefined {
  if (!host.endsWith("localhost") && !host.endsWith(".com") && !host.endsWith(".cloud")) return undefined;
  const bucket = VIRTUAL_HOST.exec(host)?.groups?.["bucket"];
  return bucket === "s3" || bucket?.startsWith("s3.") ? undefined : bucket;
}

/** Bucket and key of a request's address, decoded. Both empty for the service itself. */
export function s3Address(head: HttpHead): { bucket: string; key: string } {
  const hosted = bucketOfHost(head.host);
  if (hosted !== undefined) return { bucket: hosted, key: decodeS3(head.path.slice(1)) };
  const slash = head.path.indexOf("/", 1);
  if (slash < 0) return { bucket: decodeS3(head.path.slice(1)), key: "" };
  return { bucket: decodeS3(head.path.slice(1, slash)), key: decodeS3(head.path.slice(slash + 1)) };
}

/** @throws AwsError InvalidURI */
function decodeS3(text: string): string {
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AwsError("InvalidURI", "Couldn't parse the specified URI.", { status: 400, members: { URI: text } });
  }
}

export function routeS3(head: HttpHead): HeadRoute {
  const api = getApi("s3");
  const refuse = (error: AwsError) => ({ protocol: "restXml" as const, api, error });
  try {
    const { bucket, key } = s3Address(head);
    const { service, bucket: ofBucket, object } = findPlaces();
    const bindings = (bucket === "" ? service : key === "" ? ofBucket : object).get(head.method);
    const binding = bindings && chooseBinding(bindings, head);
    if (!binding) return refuse(noSuchMethod(head, bucket, key));
    const operation = api.operation(binding.name);
    return { api, operation, protocol: "restXml", labels: { Bucket: bucket, Key: key } };
  } catch (error) {
    if (error instanceof AwsError) return refuse(error);
    throw error;
  }
}

/** Form uploads to a bucket that exists are S3's data plane and do not come here. */
function noSuchMethod(head: HttpHead, bucket: string, key: string): AwsError {
  if (head.method === "POST" && bucket !== "" && key === "") {
    if (head.headers["content-type"]?.startsWith("multipart/form-data"))
      return new AwsError("NoSuchBucket", "The specified bucket does not exist", {
        status: 404,
        members: { BucketName: bucket },
      });
    return new AwsError("PreconditionFailed", "At least one of the pre-conditions you specified did not hold", {
      status: 412,
      members: { Condition: "Bucket POST must be of the enclosure-type multipart/form-data" },
    });
  }
  return new AwsError("MethodNotAllowed", "The specified method is not allowed against this resource.", {
    status: 405,
    members: { Method: head.method, ResourceType: bucket === "" ? "SERVICE" : key === "" ? "BUCKET" : "OBJECT" },
  });
}
