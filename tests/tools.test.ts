/** docs/with-your-tools: the AWS, CDK and SAM CLIs, unmodified. The CDK's is a development dependency, so it always runs. */
import { execFile } from "node:child_process";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { startCloud, type Cloud } from "@katachi/cloud";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = fileURLToPath(new URL("..", import.meta.url));
let cloud: Cloud;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true });
});
afterAll(() => cloud.close());

test(
  "the tools that are installed deploy, update and delete; those that are not are named",
  { timeout: 240_000 },
  async () => {
    const PATH = [process.env["PATH"], join(root, "node_modules/.bin")].join(delimiter);
    const env = { ...process.env, PATH, AWS_ENDPOINT_URL: cloud.endpoint };
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) =>
      execFile(
        join(root, "docs/with-your-tools/with-your-tools.sh"),
        { env, maxBuffer: 1 << 26 },
        (error, stdout, stderr) => resolve({ code: error ? Number(error.code) : 0, output: stdout + stderr }),
      ),
    );
    expect(code, output).toBe(0);
    const [, ran = ""] = /^ran: (.*)$/m.exec(output) ?? [];
    const [, missing = ""] = /^not run, since not on the PATH: (.*)$/m.exec(output) ?? [];
    if (missing !== "nothing") console.warn(`Not run, since not on the PATH: ${missing}`);
    expect(ran.split(" ")).toContain("cdk");
    const { Stacks } = await cloud.call("cloudformation", "DescribeStacks", {});
    expect(Stacks!.map(({ StackName }) => StackName).filter((name) => name!.startsWith("by-"))).toEqual([]);
  },
);
