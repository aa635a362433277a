/** How long `katachi start` takes to say ready, and what it costs when idle. Floor: an empty Node.js process. */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

const katachi = new URL("../cli/bin/katachi.mjs", import.meta.url).pathname;
const ROUNDS = 7;

/** @param {string[]} args */
async function start(args) {
  const startedAt = performance.now();
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: child.stdout })) if (line.startsWith("ready")) break;
  return { child, ms: performance.now() - startedAt };
}

/** @param {number | undefined} pid */
function residentMb(pid) {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Number(match?.[1]) / 1024;
}

/** @param {string[]} args */
async function measure(args) {
  const times = [];
  let memory = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const { child, ms } = await start(args);
    times.push(ms);
    if (round === ROUNDS - 1) {
      await new Promise((resolve) => setTimeout(resolve, 2000));
      memory = residentMb(child.pid);
    }
    const gone = new Promise((resolve) => child.once("exit", resolve));
    child.kill("SIGTERM");
    await gone;
  }
  times.sort((a, b) => a - b);
  return { p50Ms: Math.round(times[Math.floor(ROUNDS / 2)] ?? 0), memoryMb: Math.round(memory) };
}

const floor = await measure(["-e", "console.log('ready'); setInterval(() => {}, 1000)"]);
const cloud = await measure([katachi, "start", "--ephemeral", "--port", "0"]);
console.log(`empty node      ready ${floor.p50Ms} ms   idle ${floor.memoryMb} MB`);
console.log(`katachi start   ready ${cloud.p50Ms} ms   idle ${cloud.memoryMb} MB`);
console.log(
  `ratio           ${(cloud.p50Ms / floor.p50Ms).toFixed(1)} ×        ${(cloud.memoryMb / floor.memoryMb).toFixed(1)} ×   (targets: 300 ms, 100 MB)`,
);
