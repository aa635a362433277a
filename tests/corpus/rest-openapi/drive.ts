import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function post({ output }: Running, body: unknown) {
  const response = await fetch(`${output("Url")}/greet`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

export const application: Application = {
  async drive(running) {
    expect(await post(running, { name: "Hana" })).toEqual([200, { hello: "Hana", stage: "calm" }]);
    expect(await post(running, { name: "H" })).toEqual([422, { wrong: "Invalid request body" }]);
    expect(await (await fetch(`${running.output("Url")}/health`)).json()).toEqual({ up: true });
  },
  update: (template) => template.replace("mood: calm", "mood: lively"),
  async updated(running) {
    expect(await post(running, { name: "Taro" })).toEqual([200, { hello: "Taro", stage: "lively" }]);
  },
};
