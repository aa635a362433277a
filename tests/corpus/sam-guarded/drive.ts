import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

const ask = ({ output }: Running, authorization: string) =>
  fetch(`${output("Url")}/who`, { headers: { authorization } });

export const application: Application = {
  async drive(running) {
    expect(await (await ask(running, "open")).text()).toBe("one hana");
    expect((await ask(running, "shut")).status).toBe(403);
    expect((await fetch(`${running.output("Url")}/who`)).status).toBe(401);
    const preflight = await fetch(`${running.output("Url")}/who`, { method: "OPTIONS" });
    expect(preflight.headers.get("access-control-allow-origin")).toBe("*");
  },
  update: (template) => template.replace('"one "', '"two "'),
  async updated(running) {
    expect(await (await ask(running, "open")).text()).toBe("two hana");
  },
};
