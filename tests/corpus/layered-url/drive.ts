import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

const ask = async ({ output }: Running) => (await fetch(`${output("Url")}?name=Hana`)).text();

export const application: Application = {
  async drive(running) {
    expect(await ask(running)).toBe("hello Hana, says one");
  },
  update: (template) => template.replace("'one'", "'two'").replaceAll("VersionOne", "VersionTwo"),
  async updated(running) {
    expect(await ask(running)).toBe("hello Hana, says two");
  },
};
