import { expect } from "vitest";
import type { Application } from "../corpus.ts";

export const application: Application = {
  async drive({ output }) {
    const url = `${output("Url")}tea`;
    expect((await fetch(url, { method: "PUT", body: "https://tea.example/" })).status).toBe(204);
    const found = await fetch(url, { redirect: "manual" });
    expect([found.status, found.headers.get("location")]).toEqual([302, "https://tea.example/"]);
  },
  async updated({ output }) {
    expect((await fetch(`${output("Url")}tea`, { redirect: "manual" })).status).toBe(301);
  },
};
