/** A SAM template on the command line, without the SAM CLI: built, deployed, followed. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";

const katachi = fileURLToPath(new URL("../cli/bin/katachi.mjs", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "katachi-sam-cli-"));
let child: ChildProcess;
let url: string;

function write(name: string, content: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

const TEMPLATE = `
Transform: AWS::Serverless-2016-10-31
Globals: { Function: { Runtime: nodejs20.x } }
Resources:
  Bundled:
    Type: AWS::Serverless::Function
    Metadata:
      BuildMethod: esbuild
      BuildProperties: { EntryPoints: [src/hello.ts], Minify: false, Target: node20, Sourcemap: true, External: ["@aws-sdk/*"] }
    Properties:
      CodeUri: bundled/
      Handler: hello.handler
      Events: { Get: { Type: HttpApi, Properties: { Path: /bundled, Method: get } } }
  Plain:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: plain/
      Handler: app.handler
      Events: { Get: { Type: HttpApi, Properties: { Path: /plain, Method: get } } }
Outputs:
  Url: { Value: !Sub "https://\${ServerlessHttpApi}.execute-api.\${AWS::Region}.amazonaws.com" }
`;
const word = (text: string) => `export const word: string = "${text}";\n`;
const plain = (text: string) => `exports.handler = async () => "${text}";\n`;

beforeAll(async () => {
  write("template.yaml", TEMPLATE);
  write("bundled/src/hello.ts", 'import { word } from "./word";\nexport const handler = async () => word;\n');
  write("bundled/src/word.ts", word("bundled one"));
  write("plain/app.js", plain("plain one"));
  child = spawn(process.execPath, [katachi, "dev", directory, "--ephemeral", "--port", "0", "--json"], {
    cwd: directory,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout! });
  const { value } = await lines[Symbol.asyncIterator]().next();
  const { stacks } = JSON.parse(value as string) as { stacks: { outputs: { key: string; value: string }[] }[] };
  url = stacks[0]!.outputs.find(({ key }) => key === "Url")!.value;
});
afterAll(() => {
  child?.kill();
  rmSync(directory, { recursive: true, force: true });
});

const get = async (path: string) => (await fetch(url + path)).text();

test("functions are bundled by esbuild, or run as they lie there", async () => {
  expect([await get("/bundled"), await get("/plain")]).toEqual(["bundled one", "plain one"]);
});

/** Writes a file again and again until the answer is as expected: an edit in the very first moment may be missed. */
async function expectAfter(edit: () => void, path: string, expected: string): Promise<void> {
  const ask = () => {
    edit();
    return new Promise((resolve) => setTimeout(resolve, 300)).then(() => get(path));
  };
  await expect.poll(ask, { timeout: 15_000, interval: 300 }).toBe(expected);
}

test("a changed source is answered from at once", async () => {
  await expectAfter(() => write("bundled/src/word.ts", word("bundled two")), "/bundled", "bundled two");
  await expectAfter(() => write("plain/app.js", plain("plain two")), "/plain", "plain two");
});

test("a changed template is deployed", async () => {
  const moved = TEMPLATE.replace("Path: /plain", "Path: /moved");
  await expectAfter(() => write("template.yaml", moved), "/moved", "plain two");
});

test("what is not built here is named, with what to do", async () => {
  write("made/template.yaml", TEMPLATE.replace("BuildMethod: esbuild", "BuildMethod: makefile"));
  const stderr = await new Promise<string>((resolve) =>
    execFile(process.execPath, [katachi, "dev", join(directory, "made"), "--ephemeral", "--port", "0"], (_, __, text) =>
      resolve(text),
    ),
  );
  expect(stderr).toContain(
    "Bundled is built by BuildMethod makefile, which Katachi does not run (it builds with esbuild only). " +
      "Run `sam build` and give .aws-sam/build/template.yaml.",
  );
});
