import { expect } from "vitest";
import type { Application } from "../corpus.ts";

export const application: Application = {
  async drive({ output }) {
    const url = `${output("Url")}/notes/1`;
    expect((await fetch(url)).status).toBe(404);
    expect((await fetch(url, { method: "PUT", body: "tea" })).status).toBe(204);
    expect(await (await fetch(url)).text()).toBe("tea");
  },
  // Who may only read can no longer write: the role is what SAM made of the policy.
  update: (template) => template.replace("DynamoDBWritePolicy", "DynamoDBReadPolicy"),
  async updated({ output }) {
    expect((await fetch(`${output("Url")}/notes/1`, { method: "PUT", body: "cake" })).status).toBe(500);
    expect(await (await fetch(`${output("Url")}/notes/1`)).text()).toBe("tea");
  },
};
