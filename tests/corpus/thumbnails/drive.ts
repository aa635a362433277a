import {
  DeleteObjectCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function shrink({ cloud, output }: Running, Body: string) {
  const s3 = cloud.client(S3Client);
  await s3.send(new PutObjectCommand({ Bucket: output("Pictures"), Key: "in/a name.txt", Body }));
  await cloud.settled();
  return (
    await s3.send(new GetObjectCommand({ Bucket: output("Small"), Key: "a name.txt" }))
  ).Body!.transformToString();
}

export const application: Application = {
  async drive(running) {
    expect(await shrink(running, "a large picture")).toBe("a la");
  },
  update: (template) => template.replace('LENGTH: "4"', 'LENGTH: "7"'),
  async updated(running) {
    expect(await shrink(running, "a large picture")).toBe("a large");
  },
  async clear({ cloud, output }) {
    const s3 = cloud.client(S3Client);
    for (const Bucket of [output("Pictures"), output("Small")])
      for (const { Key } of (await s3.send(new ListObjectsV2Command({ Bucket }))).Contents ?? [])
        await s3.send(new DeleteObjectCommand({ Bucket, Key }));
  },
};
