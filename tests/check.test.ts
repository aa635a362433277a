/** `katachi check` as its user has it: built, on templates and cloud assemblies as they lie there. */
import { execFile } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

const katachi = fileURLToPath(new URL("../cli/bin/katachi.mjs", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "katachi-check-"));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

function write(name: string, content: string): void {
  const path = join(directory, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}

/** Without colours, which CI machines ask for. */
const env = { ...process.env, NO_COLOR: "1", FORCE_COLOR: undefined };

function check(...args: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) =>
    execFile(process.execPath, [katachi, "check", ...args], { cwd: directory, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    ),
  );
}

interface Report {
  verdict: string;
  resources: number;
  runs: number;
  differs: number;
  fails: number;
  cfnLint: boolean;
  findings: { rule: string; level: string; message: string; logicalId?: string; line?: number; stack: string }[];
}

async function report(...args: string[]): Promise<Report & { code: number }> {
  const { code, stdout } = await check(...args, "--json", "--no-cfn-lint");
  return { ...(JSON.parse(stdout) as Report), code };
}
const told = ({ findings }: Report) =>
  findings.map(({ rule, logicalId = "", line }) => `${rule} ${logicalId} ${line ?? ""}`.trim());

const MIXED = `
Parameters:
  Stage: { Type: String }
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
Resources:
  Queue: { Type: AWS::SQS::Queue }
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {}
      Policies:
        - PolicyName: p
          PolicyDocument:
            Statement:
              - { Effect: Allow, Action: "dynamodb:*", Resource: !GetAtt Table.Arn }
              - { Effect: Allow, Action: ["sqs:SendMessage", "sqs:ListQueues"], Resource: "*" }
              - { Effect: Allow, Action: ["sqs:ListQueues", "xray:PutTraceSegments"], Resource: "*" }
              - { Effect: Allow, Action: iam:PassRole, Resource: "*" }
  Old:
    Type: AWS::Lambda::Function
    Properties: { Runtime: nodejs16.x, Handler: a.b, Role: !GetAtt Role.Arn, Code: { ZipFile: "1" } }
  Wrong:
    Type: AWS::SQS::Queue
    Properties:
      DelaySeconds: soon
  Cluster:
    Type: AWS::ECS::Cluster
  Table:
    Type: AWS::DynamoDB::Table
    Condition: IsProd
    Properties:
      AttributeDefinitions: [{ AttributeName: id, AttributeType: S }]
      KeySchema: [{ AttributeName: id, KeyType: HASH }]
      ProvisionedThroughput: { ReadCapacityUnits: 1, WriteCapacityUnits: 1 }
`;

describe("a template", () => {
  beforeAll(() => {
    write("mixed.yaml", MIXED);
    write("good.json", '{ "Resources": { "Queue": { "Type": "AWS::SQS::Queue" } } }');
  });

  test("that does not run: what, why and where", async () => {
    const mixed = await report("mixed.yaml");
    expect(mixed).toMatchObject({ verdict: "fails", resources: 6, runs: 2, differs: 1, fails: 3, code: 1 });
    expect(told(mixed).toSorted()).toEqual([
      "broad-action Role 16",
      "broad-pass-role Role 19",
      "broad-resource Role 17",
      "deprecated-runtime Old 22",
      "invalid-properties Wrong 26",
      "not-emulated Cluster 27",
      "not-emulated Old 22",
      "runs-differently Table 29",
    ]);
    const { stdout, code } = await check("mixed.yaml", "--no-cfn-lint");
    expect(code).toBe(1);
    expect(stdout).toContain("6 resources: 2 run, 1 run with differences, 3 do not run");
    expect(stdout).toContain(
      "mixed.yaml:27:3  Cluster (AWS::ECS::Cluster): Katachi does not emulate AWS::ECS::Cluster [not-emulated]",
    );
  });

  test("that runs", async () => {
    expect(await report("good.json")).toMatchObject({ verdict: "runs", runs: 1, findings: [], code: 0 });
  });

  test("with differences: an error only where that is asked for", async () => {
    write("different.yaml", MIXED.replace(/ {2}Role:[\s\S]*? {2}Table:/, "  Table:").replace(/ {4}Condition.*\n/, ""));
    expect(await report("different.yaml")).toMatchObject({ verdict: "differs", differs: 1, code: 0 });
    expect((await report("different.yaml", "--strict")).code).toBe(1);
  });

  test("that cannot be read, or names what is not there", async () => {
    write("broken.yaml", "Resources: [");
    expect(told(await report("broken.yaml"))).toEqual(["invalid-template"]);
    write(
      "code.yaml",
      "Resources: { S: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./no.yaml } } }",
    );
    expect(told(await report("code.yaml"))).toContain("missing-file");
  });

  test("is looked into with the stacks nested in it", async () => {
    write(
      "outer.yaml",
      "Resources: { In: { Type: AWS::CloudFormation::Stack, Properties: { TemplateURL: ./mixed.yaml, Parameters: { Stage: prod } } } }",
    );
    const nested = await report("outer.yaml");
    expect(nested.resources).toBe(7);
    expect(nested.findings.find(({ logicalId }) => logicalId === "Cluster")?.stack).toBe("outer/In");
  });

  test("of SAM: what is refused is named, and what is made is told where it comes from", async () => {
    const head = "Transform: AWS::Serverless-2016-10-31\nResources:\n";
    write("graph.yaml", `${head}  Graph: { Type: AWS::Serverless::GraphQLApi, Properties: { SchemaInline: "" } }\n`);
    const graph = await report("graph.yaml");
    expect(graph.code).toBe(1);
    expect(graph.findings[0]).toMatchObject({ rule: "not-emulated", message: expect.stringContaining("GraphQLApi") });
    write(
      "made.yaml",
      `${head}  Fn:\n    Type: AWS::Serverless::Function\n    Properties: { Runtime: nodejs24.x, Handler: a.b, InlineCode: "1", Policies: [AdministratorAccess] }\n`,
    );
    expect(told(await report("made.yaml"))).toEqual(["broad-action FnRole 3"]);
  });
});

test("a cloud assembly: all its stacks, and images", async () => {
  const artifacts = {
    "A.assets": { type: "cdk:asset-manifest", properties: { file: "A.assets.json" } },
    A: { type: "aws:cloudformation:stack", properties: { templateFile: "A.template.json" } },
    B: { type: "aws:cloudformation:stack", properties: { templateFile: "B.template.json", stackName: "named" } },
  };
  write("out/manifest.json", JSON.stringify({ version: "36.0.0", artifacts }));
  write("out/A.template.json", '{ "Resources": { "Q": { "Type": "AWS::SQS::Queue" } } }');
  write("out/B.template.json", '{\n  "Resources": {\n    "C": { "Type": "AWS::ECS::Cluster" }\n  }\n}');
  write("out/A.assets.json", JSON.stringify({ files: {}, dockerImages: { abc: { source: { directory: "image" } } } }));
  const assembly = await report("out");
  expect(assembly).toMatchObject({ code: 1, resources: 2, runs: 1, fails: 1 });
  expect(told(assembly)).toEqual(["docker-asset", "not-emulated C 3"]);
  expect(assembly.findings[1]!.stack).toBe("named");
});

test("as SARIF: what code scanning requires of it", async () => {
  const { stdout, code } = await check("mixed.yaml", "--sarif", "--no-cfn-lint");
  expect(code).toBe(1);
  const log = JSON.parse(stdout) as {
    version: string;
    runs: {
      tool: { driver: { name: string; rules: { id: string; shortDescription: { text: string } }[] } };
      results: {
        ruleId: string;
        ruleIndex: number;
        level: string;
        message: { text: string };
        locations: {
          physicalLocation: { artifactLocation: { uri: string }; region?: { startLine: number; startColumn: number } };
        }[];
      }[];
    }[];
  };
  expect(log.version).toBe("2.1.0");
  const [{ tool, results } = { tool: undefined!, results: [] }] = log.runs;
  expect(tool.driver.name).toBe("katachi");
  expect(results).toHaveLength(8);
  for (const { ruleId, ruleIndex, level, message, locations } of results) {
    expect(tool.driver.rules[ruleIndex]!.id).toBe(ruleId);
    expect(["error", "warning", "note"]).toContain(level);
    expect(message.text).not.toBe("");
    const { artifactLocation, region } = locations[0]!.physicalLocation;
    expect(artifactLocation.uri).toBe("mixed.yaml");
    expect(region!.startLine).toBeGreaterThan(1);
    expect(region!.startColumn).toBeGreaterThan(0);
  }
});

test("AWS's validator is asked where it is installed, and said to be missing where it is not", async () => {
  const without = await new Promise<string>((resolve) =>
    execFile(process.execPath, [katachi, "check", "good.json"], { cwd: directory, env: { PATH: "" } }, (_, stdout) =>
      resolve(stdout),
    ),
  );
  expect(without).toContain("cfn-lint, AWS's validator of templates, is not on the PATH: it was not asked.");
  // A stand-in for the Python program: what it prints is what cfn-lint 1.51 prints.
  const match = {
    Rule: { Id: "E3002" },
    Level: "Error",
    Message: "not allowed",
    Filename: "good.json",
    Location: { Start: { LineNumber: 1, ColumnNumber: 16 }, Path: ["Resources", "Queue"] },
  };
  write(
    "bin/cfn-lint",
    `#!${process.execPath}\nconsole.log(${JSON.stringify(JSON.stringify([match]))}); process.exitCode = 2;\n`,
  );
  chmodSync(join(directory, "bin/cfn-lint"), 0o755);
  const linted = await new Promise<Report>((resolve) =>
    execFile(
      process.execPath,
      [katachi, "check", "good.json", "--json"],
      { cwd: directory, env: { PATH: join(directory, "bin") } },
      (_, stdout) => resolve(JSON.parse(stdout) as Report),
    ),
  );
  expect(linted).toMatchObject({ cfnLint: true, verdict: "runs" });
  expect(told(linted)).toEqual(["cfn-lint/E3002 Queue 1"]);
});

test("asked wrongly, it exits with 2", async () => {
  expect((await check("nowhere")).code).toBe(2);
  expect((await check("good.json", "--json", "--sarif")).code).toBe(2);
});
