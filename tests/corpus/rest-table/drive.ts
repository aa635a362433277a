import { expect } from "vitest";
import type { Application } from "../corpus.ts";

const put = (url: string, key: string, text: string) =>
  fetch(`${url}/n1`, {
    method: "PUT",
    headers: { "x-api-key": key, "content-type": "application/json" },
    body: JSON.stringify({ text }),
  });

export const application: Application = {
  async drive({ output }) {
    const url = output("Url");
    expect((await put(url, "wrong", "x")).status).toBe(403);
    const kept = await put(url, "a-key-of-twenty-characters", "tea at four");
    expect([kept.status, await kept.json()]).toEqual([201, { kept: true }]);
    expect(await (await fetch(`${url}/n1`)).json()).toEqual({ text: "tea at four" });
  },
  update: (template) =>
    template
      .replace("Limit: 100", "Limit: 2")
      .replaceAll("Deployment:", "DeploymentTwo:")
      .replaceAll("!Ref Deployment,", "!Ref DeploymentTwo,")
      .replace(`{"kept":true}`, `{"kept":"yes"}`),
  async updated({ output }) {
    const kept = await put(output("Url"), "a-key-of-twenty-characters", "tea at five");
    expect([kept.status, await kept.json()]).toEqual([201, { kept: "yes" }]);
    expect((await put(output("Url"), "a-key-of-twenty-characters", "tea at six")).status).toBe(429);
  },
};
