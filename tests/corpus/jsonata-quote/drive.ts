import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function quote({ output }: Running) {
  const body = JSON.stringify({
    lines: [
      { price: 100, quantity: 2 },
      { price: 50, quantity: 4 },
    ],
  });
  const response = await fetch(`${output("Url")}/quote`, { method: "POST", body });
  const { status, output: result } = (await response.json()) as { status: string; output: string };
  return [status, (JSON.parse(result) as { total: number }).total];
}

export const application: Application = {
  async drive(running) {
    expect(await quote(running)).toEqual(["SUCCEEDED", expect.closeTo(440)]);
  },
  update: (template) => template.replace("Rate: 10 }", "Rate: 50 }"),
  async updated(running) {
    expect(await quote(running)).toEqual(["SUCCEEDED", expect.closeTo(600)]);
  },
};
