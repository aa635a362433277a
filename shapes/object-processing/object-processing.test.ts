import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudWatchClient, DescribeAlarmsCommand } from "@aws-sdk/client-cloudwatch";
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { GetObjectCommand, HeadObjectCommand, ListObjectsV2Command, S3Client } from "@aws-sdk/client-s3";
import { PurgeQueueCommand, ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { imageSize } from "image-size";
import { Jimp } from "jimp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { packagePath } from "../package-path.ts";
import { ObjectProcessing, type ObjectProcessingProps } from "./construct.ts";
import { type DemoInput, inputs, resultOf, runDemo, upload } from "./demo.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-object-processing-"));
const photo = inputs().get("grace-hopper.jpg")!;
let cloud: Cloud;
let demo: DemoInput;
let outputs: Record<string, string>;

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const app = new App({ outdir: directory });
  buildSample(app);
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map(({ status }) => status)).toEqual(["CREATE_COMPLETE"]);
  outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
  demo = {
    // The person who uploads tries again, too.
    s3: cloud.client(S3Client, { maxAttempts: 10 }),
    inputBucket: outputs["InputBucket"]!,
    resultBucket: outputs["ResultBucket"]!,
    settled: () => cloud.settled(),
  };
}, 60_000);

afterAll(async () => {
  await cloud?.close();
  rmSync(directory, { recursive: true, force: true });
});

async function resultFile(Key: string): Promise<Buffer> {
  const { Body } = await demo.s3.send(new GetObjectCommand({ Bucket: demo.resultBucket, Key }));
  return Buffer.from(await Body!.transformToByteArray());
}

async function resultsOf(name: string): Promise<string[]> {
  const { Contents = [] } = await demo.s3.send(
    new ListObjectsV2Command({ Bucket: demo.resultBucket, Prefix: `uploads/${name}/` }),
  );
  return Contents.map(({ Key }) => Key!);
}

interface Failure {
  readonly key: string;
  readonly reason: string;
  readonly event: object;
}

/** What lies in the failure destination. */
async function failures(): Promise<Failure[]> {
  const found: Failure[] = [];
  for (;;) {
    const { Messages = [] } = await cloud
      .client(SQSClient)
      .send(new ReceiveMessageCommand({ QueueUrl: outputs["FailuresQueue"]!, MaxNumberOfMessages: 10 }));
    if (Messages.length === 0) return found;
    for (const { Body } of Messages) {
      const { requestPayload, responsePayload } = JSON.parse(Body!) as {
        requestPayload: { Records: [{ s3: { object: { key: string } } }] };
        responsePayload: { errorMessage: string };
      };
      const key = decodeURIComponent(requestPayload.Records[0].s3.object.key.replaceAll("+", " "));
      found.push({ key, reason: responsePayload.errorMessage, event: requestPayload });
    }
  }
}

/** The event that gave an upload its result. */
async function eventOf(name: string): Promise<object> {
  const { etag, versionId } = await resultOf(demo, name);
  const { Metadata = {} } = await demo.s3.send(
    new HeadObjectCommand({ Bucket: demo.resultBucket, Key: `uploads/${name}/result.json` }),
  );
  const object = { key: `uploads/${name}`, eTag: etag, versionId, sequencer: Metadata["sequencer"] };
  return { Records: [{ s3: { bucket: { name: demo.inputBucket }, object } }] };
}

/** A JPEG whose EXIF data say that the camera lay on its side. */
function onItsSide(jpeg: Buffer): Buffer {
  const tiff = Buffer.from("4d4d002a00000008000101120003000000010006000000000000", "hex");
  const exif = Buffer.concat([Buffer.from("Exif\0\0", "latin1"), tiff]);
  const length = Buffer.alloc(2);
  length.writeUInt16BE(exif.length + 2);
  return Buffer.concat([jpeg.subarray(0, 2), Buffer.from([0xff, 0xe1]), length, exif, jpeg.subarray(2)]);
}

/** The same JPEG with a header that claims another size. */
function claiming(jpeg: Buffer, width: number, height: number): Buffer {
  const changed = Buffer.from(jpeg);
  const frame = changed.indexOf(Buffer.from([0xff, 0xc0]));
  changed.writeUInt16BE(height, frame + 5);
  changed.writeUInt16BE(width, frame + 7);
  return changed;
}

describe("the demo", () => {
  test("photos become three thumbnails each and a CSV file JSON, whatever they are called", async () => {
    const results = await runDemo(demo);
    expect(results).toMatchObject([
      { key: "uploads/grace-hopper.jpg", kind: "photo", type: "jpg", width: 512, height: 600, bytes: 61306 },
      { key: "uploads/present.png", kind: "photo", type: "png" },
      {
        key: "uploads/会員 一覧+2026.csv",
        kind: "table",
        columns: ["会員番号", "氏名", "都市", "備考"],
        rows: 3,
        rejected: [{ row: 3, fields: 2, wanted: 4 }],
      },
    ]);
    const sizes = await Promise.all(
      results[0]!.files.map(async (file) => {
        const { width, height } = imageSize(await resultFile(file));
        return [file.split("/").at(-1), width, height];
      }),
    );
    expect(sizes).toEqual([
      ["1280.jpg", 512, 600],
      ["512.jpg", 437, 512],
      ["128.jpg", 109, 128],
    ]);
    expect(JSON.parse((await resultFile(results[2]!.files[0]!)).toString("utf8"))).toEqual([
      { 会員番号: "1001", 氏名: "山田 花子", 都市: "京都市", 備考: "電話は\r\n午後のみ" },
      { 会員番号: "1002", 氏名: "O'Brien, Pat", 都市: "Galway", 備考: "" },
      { 会員番号: "1004", 氏名: "Müller Jörg", 都市: "Köln", 備考: '"VIP"' },
    ]);
  }, 60_000);

  test("a photo taken with the camera on its side is put upright; a CSV file in Shift_JIS is read", async () => {
    await upload(demo, "side.jpg", onItsSide(photo));
    // 氏名,都市 / 山田,京都
    await upload(demo, "sjis.csv", Buffer.from("8e8196bc2c93738e730d0a8e5293632c8b9e93730d0a", "hex"));
    await cloud.settled();
    expect(await resultOf(demo, "side.jpg")).toMatchObject({ width: 600, height: 512, orientation: 6 });
    const table = await resultOf(demo, "sjis.csv");
    expect(JSON.parse((await resultFile(table.files[0]!)).toString("utf8"))).toEqual([{ 氏名: "山田", 都市: "京都" }]);
  }, 60_000);
});

describe("what fails", () => {
  test("goes to the failure destination with its reason; the rest and the originals are unaffected", async () => {
    const bad: [string, Buffer, string][] = [
      ["cut-off.jpg", photo.subarray(0, photo.length >> 1), "is damaged or cut off: marker was not found"],
      ["empty.jpg", Buffer.alloc(0), "is empty (0 bytes)"],
      ["huge.jpg", claiming(photo, 20_000, 10_000), "has 200 megapixels (20000 x 10000); allowed: 60"],
      ["notes.docx", Buffer.from("PK\u0003\u0004"), "is neither a JPEG or PNG image nor a CSV file"],
      ["open.csv", Buffer.from('a,b\r\n"1,2\r\n'), "is no CSV: Quote Not Closed"],
    ];
    for (const [name, body] of bad) await upload(demo, name, body);
    await upload(demo, "good.jpg", photo);
    await cloud.settled();
    await cloud.clock.advance("10 minutes");
    await cloud.settled();
    const given = await failures();
    expect(given.map(({ key }) => key).toSorted()).toEqual(bad.map(([name]) => `uploads/${name}`).toSorted());
    for (const [name, body, reason] of bad) {
      expect(given.find(({ key }) => key === `uploads/${name}`)?.reason).toContain(`uploads/${name} ${reason}`);
      const { Body } = await demo.s3.send(new GetObjectCommand({ Bucket: demo.inputBucket, Key: `uploads/${name}` }));
      expect(Buffer.from(await Body!.transformToByteArray()).equals(body)).toBe(true);
      expect(await resultsOf(name)).toEqual([]);
    }
    expect(await resultsOf("good.jpg")).toHaveLength(4);
    const { MetricAlarms = [] } = await cloud
      .client(CloudWatchClient)
      .send(new DescribeAlarmsCommand({ StateValue: "ALARM" }));
    expect(MetricAlarms.map(({ AlarmDescription }) => AlarmDescription)).toEqual([
      "object-processing/Uploads: an object could not be processed",
    ]);
    await cloud.client(SQSClient).send(new PurgeQueueCommand({ QueueUrl: outputs["FailuresQueue"]! }));
  }, 60_000);

  test("the same object delivered twice has one result; an earlier event does not undo a later one", async () => {
    await upload(demo, "twice.jpg", photo);
    await cloud.settled();
    const first = await eventOf("twice.jpg");
    const small = await Jimp.fromBuffer(photo).then((image) =>
      image.scaleToFit({ w: 90, h: 90 }).getBuffer("image/jpeg"),
    );
    await upload(demo, "twice.jpg", small);
    await cloud.settled();
    const second = await eventOf("twice.jpg");
    const after = await resultOf(demo, "twice.jpg");
    expect(after).toMatchObject({ bytes: small.length });
    for (const event of [first, second, second]) {
      const { FunctionError } = await cloud
        .client(LambdaClient)
        .send(new InvokeCommand({ FunctionName: outputs["ProcessorFunction"]!, Payload: JSON.stringify(event) }));
      expect(FunctionError).toBeUndefined();
    }
    expect(await resultOf(demo, "twice.jpg")).toEqual(after);
    // The files of both versions, and one result.
    expect((await resultsOf("twice.jpg")).filter((key) => key.endsWith("result.json"))).toHaveLength(1);
    expect(await resultsOf("twice.jpg")).toHaveLength(7);
  }, 60_000);

  test("10 % throttled and 5 % failing calls: nothing is lost", async () => {
    const names = Array.from({ length: 20 }, (_, n) => `batch-${n}.csv`);
    cloud.faults.add({ match: "*", error: "ThrottlingException", rate: 0.1 });
    cloud.faults.add({ match: "*", error: "InternalError", rate: 0.05 });
    for (const name of names) await upload(demo, name, Buffer.from(`id,name\r\n1,${name}\r\n`));
    await cloud.settled();
    await cloud.clock.advance("6 hours");
    await cloud.settled();
    cloud.faults.clear();
    await cloud.clock.advance("1 hour");
    await cloud.settled();
    // What was given up is sent once more, as an operator would.
    for (const { event } of await failures())
      await cloud
        .client(LambdaClient)
        .send(new InvokeCommand({ FunctionName: outputs["ProcessorFunction"]!, Payload: JSON.stringify(event) }));
    for (const name of names) expect(await resultOf(demo, name)).toMatchObject({ kind: "table", rows: 1 });
  }, 60_000);
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  });

  test.each<[Partial<ObjectProcessingProps>, string]>([
    [{ retries: 3 }, "retries is 3; allowed: 0 to 2"],
    [{ prefix: "/in" }, 'prefix is "/in"; allowed: keys do not begin with a slash'],
    [{ suffixes: [] }, "suffixes is an empty list"],
    [{ suffixes: [".tar.gz", ".gz"] }, 'suffixes has ".tar.gz" and another that it ends with'],
    [{ memorySize: 64 }, "memorySize is 64; allowed: 128 to 10240 MB"],
  ])("refuses %o", (props, message) => {
    const handler = packagePath("object-processing/handlers/process-object.ts");
    expect(() => new ObjectProcessing(new Stack(new App(), "s"), "P", { handler, ...props })).toThrow(message);
  });
});
