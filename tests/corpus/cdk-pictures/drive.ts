import { HeadObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function copied({ cloud, output }: Running, prefix: string) {
  const s3 = cloud.client(S3Client);
  await s3.send(new PutObjectCommand({ Bucket: output("Bucket"), Key: "in/a.png", Body: "a" }));
  await cloud.settled();
  await s3.send(new HeadObjectCommand({ Bucket: output("Bucket"), Key: `${prefix}/in/a.png` }));
  const { Parameter } = await cloud.client(SSMClient).send(new GetParameterCommand({ Name: "/corpus/note" }));
  return Parameter!.Value;
}

export const application: Application = {
  async drive(running) {
    expect(await copied(running, "one")).toBe("1");
  },
  async updated(running) {
    expect(await copied(running, "two")).toBe("2");
  },
};
