import { AwsError } from "../../../aws/error.ts";
import { defineResource, type ResourceContext } from "../../../deploy/resource.ts";

interface BucketPolicyProps {
  Bucket: string;
  PolicyDocument: unknown;
}

export const bucketPolicy = defineResource<BucketPolicyProps>({
  type: "AWS::S3::BucketPolicy",
  honours: { Bucket: true, PolicyDocument: true },
  replaceOn: ["Bucket"],
  async create(cx, props) {
    if (await hasPolicy(cx, props.Bucket))
      throw new AwsError("AlreadyExists", `The bucket policy already exists on bucket ${props.Bucket}.`, {
        status: 400,
      });
    await put(cx, props);
    return { physicalId: props.Bucket };
  },
  async update(cx, { props }) {
    await put(cx, props);
  },
  async delete(cx, { physicalId }) {
    await cx.call("s3", "DeleteBucketPolicy", { Bucket: physicalId });
  },
});

async function put(cx: ResourceContext, { Bucket, PolicyDocument }: BucketPolicyProps): Promise<void> {
  const Policy = typeof PolicyDocument === "string" ? PolicyDocument : JSON.stringify(PolicyDocument);
  await cx.call("s3", "PutBucketPolicy", { Bucket, Policy });
}

/** AWS: CloudFormation does not take over a policy that stands there. */
async function hasPolicy(cx: ResourceContext, Bucket: string): Promise<boolean> {
  try {
    await cx.call("s3", "GetBucketPolicy", { Bucket });
    return true;
  } catch (error) {
    if (error instanceof AwsError && error.code === "NoSuchBucketPolicy") return false;
    throw error;
  }
}
