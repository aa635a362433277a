import { expect } from "vitest";
import type { Application } from "../corpus.ts";

export const application: Application = {
  async drive({ output }) {
    const response = await fetch(`${output("Url")}/items/7`, { headers: { origin: "https://shop.example" } });
    expect(await response.json()).toEqual({ id: "7", version: "2.0", currency: "JPY" });
    expect(response.headers.get("access-control-allow-origin")).toBe("https://shop.example");
    expect((await fetch(`${output("Url")}/other`)).status).toBe(404);
  },
  update: (template) => template.replace("/items/{id}:", "/things/{id}:").replace("CURRENCY: JPY", "CURRENCY: EUR"),
  async updated({ output }) {
    expect((await fetch(`${output("Url")}/items/7`)).status).toBe(404);
    expect(await (await fetch(`${output("Url")}/things/8`)).json()).toMatchObject({ id: "8", currency: "EUR" });
  },
};
