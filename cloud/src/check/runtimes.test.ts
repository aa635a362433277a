import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { findPython } from "../functions/python-install.ts";
import { check } from "./check.ts";

let directory: string;
beforeAll(() => void (directory = mkdtempSync(join(tmpdir(), "check-runtimes-"))));
afterAll(() => rmSync(directory, { recursive: true }));

async function findingsOf(properties: object): Promise<string[]> {
  const path = join(directory, "template.json");
  const Role = "arn:aws:iam::000000000000:role/any";
  const Code = { S3Bucket: "b", S3Key: "k" };
  const Properties = { Role, Code, Handler: "index.handler", ...properties };
  writeFileSync(path, JSON.stringify({ Resources: { Function: { Type: "AWS::Lambda::Function", Properties } } }));
  const { findings } = await check(path, Date.UTC(2026, 10, 24));
  return findings.map(({ rule, message }) => `${rule}: ${message}`);
}

it("agrees with a deployment about what runs", async () => {
  expect(
    await findingsOf({ Runtime: "nodejs24.x", Layers: ["arn:aws:lambda:us-east-1:000000000000:layer:a:1"] }),
  ).toEqual([expect.stringMatching(/^runs-differently: layers do not lie at \/opt itself/)]);
  expect(await findingsOf({ Runtime: "provided.al2023" })).toEqual([
    "runs-differently: a custom runtime sees the machine's time, also where the cloud's clock is moved",
  ]);
  expect(await findingsOf({ Runtime: "java25" })).toEqual([
    expect.stringMatching(/^not-emulated: Katachi does not emulate Runtime java25 .*native-image.*provided.al2023/),
  ]);
  expect(await findingsOf({ PackageType: "Image", Code: { ImageUri: "image" }, Handler: undefined })).toContainEqual(
    expect.stringMatching(/^not-emulated: .*PackageType=Image: functions run from zip archives/),
  );
  expect(await findingsOf({ Runtime: "provided.al2023", Code: { ZipFile: "#!/bin/sh" } })).toContainEqual(
    expect.stringContaining("Code.ZipFile holds the source of a Node.js or Python function"),
  );
});

it.runIf(findPython())("names the Python that runs in place of another", async () => {
  const installed = `python${findPython()!.version.replace(/\.\d+$/, "")}`;
  const other = installed === "python3.13" ? "python3.14" : "python3.13";
  expect((await findingsOf({ Runtime: installed })).filter((text) => !text.startsWith("deprecated"))).toEqual([]);
  expect(await findingsOf({ Runtime: other })).toEqual([
    `runs-differently: ${other} runs on the Python ${findPython()!.version} that is installed here`,
  ]);
});
