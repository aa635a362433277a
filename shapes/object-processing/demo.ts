/**
 * The demo of `object-processing`: uploads photos and a CSV file, and shows what became of them.
 * `katachi dev object-processing` in one terminal, this with the names that it prints in another.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GetObjectCommand, PutObjectCommand, type S3Client } from "@aws-sdk/client-s3";
import { packagePath } from "../package-path.ts";

export interface DemoInput {
  readonly s3: S3Client;
  readonly inputBucket: string;
  readonly resultBucket: string;
  /** Resolves when the processor is done, e.g. `cloud.settled`. */
  readonly settled: () => Promise<void>;
}

export interface ObjectResult {
  readonly key: string;
  readonly kind: string;
  readonly files: readonly string[];
  readonly [more: string]: unknown;
}

/** The demo's files by name. */
export function inputs(): Map<string, Buffer> {
  const folder = packagePath("object-processing/inputs");
  const names = readdirSync(folder).filter((name) => !name.endsWith(".md"));
  return new Map(names.map((name) => [name, readFileSync(join(folder, name))]));
}

export async function upload({ s3, inputBucket: Bucket }: DemoInput, name: string, Body: Buffer): Promise<void> {
  await s3.send(new PutObjectCommand({ Bucket, Key: `uploads/${name}`, Body }));
}

/** What became of an upload. @throws NoSuchKey where nothing did */
export async function resultOf({ s3, resultBucket: Bucket }: DemoInput, name: string): Promise<ObjectResult> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key: `uploads/${name}/result.json` }));
  return JSON.parse(await Body!.transformToString()) as ObjectResult;
}

export async function runDemo(given: DemoInput): Promise<ObjectResult[]> {
  const files = inputs();
  for (const [name, body] of files) await upload(given, name, body);
  await given.settled();
  return Promise.all([...files.keys()].map((name) => resultOf(given, name)));
}
