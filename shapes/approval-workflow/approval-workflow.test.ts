import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cloud, startCloud } from "@katachi/cloud";
import { App, Duration, Stack, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks } from "cdk-nag";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApprovalWorkflow } from "./construct.ts";
import { EXPENSE, linkIn, type Mail, runDemo, show, submit } from "./demo.ts";
import { buildSample } from "./sample.ts";

const directory = mkdtempSync(join(tmpdir(), "katachi-approval-workflow-"));
let cloud: Cloud;
let url: string;
const read = new Set<string>();

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  const app = new App({ outdir: join(directory, "cdk.out") });
  buildSample(app);
  const { stacks } = await cloud.deploy(app.synth().directory);
  expect(stacks.map((stack) => stack.status)).toEqual(["CREATE_COMPLETE"]);
  url = stacks[0]!.outputs.find(({ key }) => key === "Url")!.value;
}, 60_000);

afterAll(async () => {
  await cloud.close();
  rmSync(directory, { recursive: true, force: true });
});

/** A mail to somebody that was not read yet. */
async function mailTo(address: string): Promise<Mail> {
  await cloud.settled();
  const entry = cloud.inbox.list().find(({ id, to }) => !read.has(id) && to.includes(address));
  if (!entry) throw new Error(`No mail to ${address}`);
  read.add(entry.id);
  const message = (await cloud.inbox.message(entry.id))!;
  return { to: entry.to, subject: entry.subject, text: message.text ?? "" };
}

async function follow(link: string, method = "GET"): Promise<[status: number, text: string]> {
  const response = await fetch(link, { method });
  const text = await response.text();
  await cloud.settled();
  return [response.status, text];
}

const trailOf = async (id: string) => (await show(url, id)).trail.map(({ what, who }) => `${what} (${who})`);

describe("the demo", () => {
  test("an expense: the mail lies in the inbox, its link approves it, the record shows who and when", async () => {
    const { asked, told, record } = await runDemo({ url, mailTo });
    expect(asked.subject).toBe("東京出張 (2泊3日) & 懇親会 (48,000)");
    expect(asked.text).toContain("hanako@example.jp asks for your approval as manager");
    expect(told.subject).toBe(`${EXPENSE.title}: approved`);
    expect(record).toMatchObject({ ...EXPENSE, status: "approved" });
    const trail = record.trail.map(({ what, who }) => `${what} (${who})`);
    expect(trail.toSorted()).toEqual([
      "approved (manager@example.jp)",
      "approved (workflow)",
      "asked manager (manager@example.jp)",
      "submitted (hanako@example.jp)",
    ]);
    for (const { at } of record.trail) expect(Date.parse(at)).not.toBeNaN();
  });

  test("two levels for a large one: the director is asked when the manager has approved", async () => {
    const id = await submit(url, { ...EXPENSE, amount: 250_000 });
    await follow(linkIn(await mailTo("manager@example.jp"), "Approve"));
    expect((await show(url, id)).status).toBe("pending");
    await follow(linkIn(await mailTo("director@example.jp"), "Approve"));
    expect((await show(url, id)).status).toBe("approved");
    await mailTo(EXPENSE.requester);
  });
});

describe("what fails", () => {
  test("no answer in three days: escalated; the old link is too late; the deputy decides", async () => {
    const id = await submit(url, EXPENSE);
    const first = await mailTo("manager@example.jp");
    await cloud.clock.advance("2 days");
    expect((await trailOf(id)).some((line) => line.startsWith("escalated"))).toBe(false);
    await cloud.clock.advance("1 day");
    const second = await mailTo("deputy@example.jp");
    expect(second.subject).toMatch(/^Escalated: /);
    expect((await follow(linkIn(first, "Approve")))[0]).toBe(410);
    expect((await show(url, id)).status).toBe("pending");
    expect((await follow(linkIn(second, "Approve")))[0]).toBe(200);
    expect((await show(url, id)).status).toBe("approved");
    expect(await trailOf(id)).toContain("escalated to manager (deputy@example.jp)");
    await mailTo(EXPENSE.requester);
  });

  test("nobody answers at all: the request is closed and the requester told", async () => {
    const id = await submit(url, EXPENSE);
    await cloud.clock.advance("6 days");
    expect((await show(url, id)).status).toBe("expired");
    expect((await mailTo(EXPENSE.requester)).text).toContain("was not answered in time");
    await mailTo("manager@example.jp");
    await mailTo("deputy@example.jp");
  });

  test("the link used twice: 409, the first answer stands", async () => {
    const id = await submit(url, EXPENSE);
    const mail = await mailTo("manager@example.jp");
    expect(await follow(linkIn(mail, "Approve"))).toEqual([200, expect.stringContaining("Approved")]);
    expect(await follow(linkIn(mail, "Approve"))).toEqual([409, expect.stringContaining("the first answer stands")]);
    expect((await follow(linkIn(mail, "Reject")))[0]).toBe(409);
    expect((await show(url, id)).status).toBe("approved");
    await mailTo(EXPENSE.requester);
  });

  test("two people follow the links at the same time: one answer", async () => {
    await submit(url, EXPENSE);
    const mail = await mailTo("manager@example.jp");
    const statuses = await Promise.all([follow(linkIn(mail, "Approve")), follow(linkIn(mail, "Reject"))]);
    expect(statuses.map(([status]) => status).sort()).toEqual([200, 409]);
    await mailTo(EXPENSE.requester);
  });

  test("a forged token: 400, nothing happens", async () => {
    const id = await submit(url, EXPENSE);
    const link = linkIn(await mailTo("manager@example.jp"), "Approve");
    for (const forged of [
      link.replace(/key=.*/, "key=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"),
      link.replace(/&key=.*/, ""),
      link.replace("decision=approve", "decision=everything"),
      link.replace(id, "00000000-0000-0000-0000-000000000000"),
    ])
      expect((await follow(forged))[0]).toBe(400);
    expect((await show(url, id)).status).toBe("pending");
    await follow(link);
    await mailTo(EXPENSE.requester);
  });

  test("rejected: the requester is told, nobody else is asked", async () => {
    const id = await submit(url, { ...EXPENSE, amount: 500_000 });
    await follow(linkIn(await mailTo("manager@example.jp"), "Reject"));
    expect((await show(url, id)).status).toBe("rejected");
    expect((await mailTo(EXPENSE.requester)).text).toContain("was rejected");
    await expect(mailTo("director@example.jp")).rejects.toThrow("No mail");
  });

  test("a request that is none: 400; one that is not there: 404", async () => {
    const bad = await fetch(`${url}requests`, { method: "POST", body: '{"requester":"nobody"}' });
    expect([bad.status, await bad.json()]).toEqual([400, expect.objectContaining({ title: "Invalid request" })]);
    expect((await fetch(`${url}requests/none`)).status).toBe(404);
  });
});

describe("the construct", () => {
  test("cdk-nag's AwsSolutions pack passes", () => {
    const app = new App({ outdir: join(directory, "nag") });
    buildSample(app);
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
    expect(() => app.synth()).not.toThrow();
  }, 60_000);

  test("wrong props are refused at synth", () => {
    const levels = [{ name: "boss", approver: "nobody", escalateTo: "a@example.jp" }];
    const build = () =>
      new ApprovalWorkflow(new Stack(), "Leave", { levels, sender: "x", deadline: Duration.seconds(1) });
    expect(build).toThrow(
      /the approver of boss is "nobody"; .*sender is "x"; .*deadline is 1 s; allowed: a minute or more/,
    );
  });
});
