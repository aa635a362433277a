import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { TaskDirectories } from "./task-directory.ts";
import { placedPath } from "./variables.ts";

describe.runIf(process.platform === "linux")("what a killed cloud left behind", () => {
  it("is ended and removed by the next: its custom runtimes too, and no other process", async () => {
    const gonePid = spawnSync("true").pid;
    const left = join(tmpdir(), `katachi-functions-${gonePid}-left`);
    mkdirSync(left);
    const start = (env: Record<string, string>) =>
      spawn("sleep", ["600"], { detached: true, stdio: "ignore", env: { PATH: process.env["PATH"], ...env } });
    const custom = start({ AWS_LAMBDA_RUNTIME_API: "127.0.0.1:1" });
    const other = start({});
    writeFileSync(join(left, "processes"), `${custom.pid}\n${other.pid}\n`);
    try {
      const ended = new Promise((resolve) => custom.once("exit", (_code, signal) => resolve(signal)));
      new TaskDirectories([]).close();
      expect(existsSync(left)).toBe(false);
      expect(await ended).toBe("SIGKILL");
      expect(other.exitCode).toBeNull();
      expect(other.signalCode).toBeNull();
    } finally {
      custom.kill("SIGKILL");
      other.kill("SIGKILL");
      rmSync(left, { recursive: true, force: true });
    }
  });
});

describe("paths below /opt and /var/task", () => {
  it("lead to where layers and package lie, where there is such a file", () => {
    const place = { root: join(tmpdir(), "placed-task"), opt: join(tmpdir(), "placed-opt") };
    for (const directory of [join(place.opt, "lib"), place.root]) mkdirSync(directory, { recursive: true });
    writeFileSync(join(place.opt, "lib", "hook.js"), "");
    try {
      const placed = (text: string) => placedPath(text, place);
      expect(placed("--require /opt/lib/hook.js")).toBe(`--require ${place.opt}/lib/hook.js`);
      expect(placed("/opt/lib:/usr/lib:/opt/none")).toBe(`${place.opt}/lib:/usr/lib:/opt/none`);
      expect(placed("https://example.com/opt/lib")).toBe("https://example.com/opt/lib");
      expect(placed("/home/opt/lib /options/lib")).toBe("/home/opt/lib /options/lib");
      expect(placedPath("/opt/lib/hook.js", { root: place.root, opt: undefined })).toBe("/opt/lib/hook.js");
    } finally {
      for (const directory of Object.values(place)) rmSync(directory, { recursive: true });
    }
  });
});
