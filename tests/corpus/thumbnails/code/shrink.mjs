// @ts-nocheck: as it is in an application that knows no types
import { GetObjectCommand, PutObjectCommand, S3Client } from "@aws-sdk/client-s3";

const s3 = new S3Client({});

export const handler = async ({ Records }) => {
  for (const {
    s3: { bucket, object },
  } of Records) {
    const Key = decodeURIComponent(object.key.replaceAll("+", " "));
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: bucket.name, Key }));
    const small = (await Body.transformToString()).slice(0, Number(process.env.LENGTH));
    await s3.send(new PutObjectCommand({ Bucket: process.env.SMALL, Key: Key.replace("in/", ""), Body: small }));
  }
};
