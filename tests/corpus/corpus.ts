/**
 * A corpus of applications as people have them: each is deployed, driven by real clients, updated, driven again and
 * deleted, with nothing left behind. One folder an application: its template (or `app.ts` of a CDK application),
 * handlers, and `drive.ts`.
 */
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CloudFormationClient, DeleteStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { App } from "aws-cdk-lib";
import { startCloud, type Cloud, type DeployResult } from "@katachi/cloud";
import { afterAll, beforeAll, expect, test } from "vitest";
import { inventory } from "./inventory.ts";

/** What an application's steps are given. */
export interface Running {
  readonly cloud: Cloud;
  /** Name of the first stack. */
  readonly stackName: string;
  /** The folder that is deployed: a copy. */
  readonly folder: string;
  /** An output of any of its stacks. */
  output(key: string): string;
  /** What the last deployment told of the first stack. */
  readonly status: string;
}

export interface Application {
  readonly parameters?: Readonly<Record<string, string>>;
  /** What has to be there before the template is deployed; answers parameters to be given. */
  prepare?(cloud: Cloud, folder: string): Promise<Record<string, string> | void>;
  /** The one real thing that the application is there for. */
  drive(running: Running): Promise<void>;
  /** A changed template, where it is no CDK application: those are made again, as generation 2. */
  update?(template: string): string;
  readonly updatedParameters?: Readonly<Record<string, string>>;
  /** Whether the update replaced or changed what it should. */
  updated(running: Running): Promise<void>;
  /** What has to be done before it can be deleted, e.g. emptying its buckets. */
  clear?(running: Running): Promise<void>;
  /** What stays on purpose, as lines of the inventory; told once more, so that it is there. */
  readonly retains?: RegExp;
}

/** A CDK application, `app.ts`. Generation 2 is its update. */
export type Build = (app: App, generation: 1 | 2) => void;

const here = fileURLToPath(new URL(".", import.meta.url));

/** Declares the tests of a group of applications, which share one started cloud. */
export function corpus(names: readonly string[]): void {
  let cloud: Cloud;
  const scratch = mkdtempSync(join(tmpdir(), "katachi-corpus-"));
  beforeAll(async () => {
    cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  });
  afterAll(async () => {
    await cloud.close();
    rmSync(scratch, { recursive: true, force: true });
  });
  test.each(names)("%s", { timeout: 60_000 }, async (name) => {
    const { application } = (await import(`./${name}/drive.ts`)) as { application: Application };
    const folder = join(scratch, name);
    cpSync(join(here, name), folder, { recursive: true });
    await live(cloud, name, folder, application);
  });
}

async function live(cloud: Cloud, name: string, folder: string, application: Application): Promise<void> {
  const before = await inventory(cloud);
  const parameters = { ...application.parameters, ...(await application.prepare?.(cloud, folder)) };
  const prepared = await inventory(cloud);
  const source = await sourceOf(name, folder);
  const first = await cloud.deploy(source.make(1), { stackName: name, parameters });
  expect(first.stacks.map((stack) => stack.status)).toEqual(first.stacks.map(() => "CREATE_COMPLETE"));
  await application.drive(running(cloud, folder, first));

  if (application.update) source.edit(application.update);
  const changed = { ...parameters, ...application.updatedParameters };
  const second = await cloud.deploy(source.make(2), { stackName: name, parameters: changed });
  expect(second.stacks.map((stack) => stack.status)).toContain("UPDATE_COMPLETE");
  await application.updated(running(cloud, folder, second));
  const again = await cloud.deploy(source.make(2), { stackName: name, parameters: changed });
  expect(again.stacks.map((stack) => stack.status)).toEqual(again.stacks.map(() => "NO_CHANGE"));

  await application.clear?.(running(cloud, folder, second));
  for (const stack of second.stacks.toReversed()) await remove(cloud, stack.id);
  const left = (await inventory(cloud)).filter((line) => !prepared.includes(line) && !before.includes(line));
  const { retains } = application;
  expect(left.filter((line) => !retains?.test(line))).toEqual([]);
  if (retains) expect(left.filter((line) => retains.test(line))).not.toEqual([]);
}

async function sourceOf(name: string, folder: string) {
  if (existsSync(join(folder, "app.ts"))) {
    const { build } = (await import(`./${name}/app.ts`)) as { build: Build };
    return {
      make(generation: 1 | 2) {
        const app = new App({ outdir: mkdtempSync(join(folder, "cdk.out-")), analyticsReporting: false });
        build(app, generation);
        return app;
      },
      edit: () => undefined,
    };
  }
  const path = [join(folder, "template.yaml"), join(folder, "template.json")].find((one) => existsSync(one))!;
  return {
    make: () => path,
    edit(update: (template: string) => string) {
      const text = readFileSync(path, "utf8");
      const updated = update(text);
      expect(updated, "the update changes the template").not.toBe(text);
      writeFileSync(path, updated);
    },
  };
}

function running(cloud: Cloud, folder: string, { stacks }: DeployResult): Running {
  return {
    cloud,
    folder,
    stackName: stacks[0]!.name,
    status: stacks[0]!.status,
    output(key) {
      const found = stacks.flatMap((stack) => stack.outputs).find((output) => output.key === key);
      if (!found) throw new Error(`There is no output ${key}`);
      return found.value;
    },
  };
}

async function remove(cloud: Cloud, StackName: string): Promise<void> {
  const cf = cloud.client(CloudFormationClient);
  await cf.send(new DeleteStackCommand({ StackName }));
  await cloud.settled();
  const { Stacks } = await cf.send(new DescribeStacksCommand({ StackName }));
  expect(`${Stacks![0]!.StackStatus} ${Stacks![0]!.StackStatusReason ?? ""}`.trim()).toBe("DELETE_COMPLETE");
}
