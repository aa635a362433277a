import { GetObjectCommand, PutObjectCommand, S3Client, CreateBucketCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let s3: S3Client;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  s3 = cloud.client(S3Client);
});
afterAll(() => cloud.close());

it("keeps an object", async () => {
  await s3.send(new CreateBucketCommand({ Bucket: "first-bucket" }));
  const put = await s3.send(
    new PutObjectCommand({ Bucket: "first-bucket", Key: "a/b.txt", Body: "hello", Metadata: { x: "1" } }),
  );
  console.log(put);
  const got = await s3.send(new GetObjectCommand({ Bucket: "first-bucket", Key: "a/b.txt" }));
  console.log({ ...got, Body: undefined });
  expect(await got.Body!.transformToString()).toBe("hello");
});
