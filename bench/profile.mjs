/**
 * Where the time of this process goes while something runs: a CPU profile, summed up by module.
 */
import { Session } from "node:inspector/promises";

/**
 * Runs `work` under the profiler and prints the share of self time by module, and the heaviest functions.
 * @param {string} label
 * @param {() => Promise<unknown>} work
 */
export async function profiled(label, work) {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 500 });
  await session.post("Profiler.start");
  await work();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]));
  /** @type {Map<string, number>} */
  const byModule = new Map();
  /** @type {Map<string, number>} */
  const byFunction = new Map();
  let total = 0;
  const { samples = [], timeDeltas = [] } = profile;
  samples.forEach((id, at) => {
    const frame = nodes.get(id)?.callFrame;
    const us = timeDeltas[at] ?? 0;
    if (!frame || frame.functionName === "(idle)") return;
    total += us;
    const module = moduleOf(frame.url, frame.functionName);
    byModule.set(module, (byModule.get(module) ?? 0) + us);
    const name = `${frame.functionName || "(anonymous)"} ${module}:${frame.lineNumber + 1}`;
    byFunction.set(name, (byFunction.get(name) ?? 0) + us);
  });
  const share = (/** @type {number} */ us) => `${((100 * us) / total).toFixed(1).padStart(5)} %`;
  console.log(`\n${label}: busy ${(total / 1e6).toFixed(2)} s; self time by module, then the heaviest functions`);
  for (const [name, us] of top(byModule, 12)) console.log(`${share(us)}  ${name}`);
  for (const [name, us] of top(byFunction, 25)) console.log(`${share(us)}  ${name}`);
}

/** @param {Map<string, number>} sums @param {number} count */
function top(sums, count) {
  return [...sums].toSorted((a, b) => b[1] - a[1]).slice(0, count);
}

/** @param {string} url @param {string} name */
function moduleOf(url, name) {
  if (url === "") return name.startsWith("(") ? name : "native";
  if (url.startsWith("node:")) return url;
  const dependency = /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url);
  if (dependency) return dependency[1] ?? url;
  return url.replace(/^.*\/cloud\//, "cloud/");
}
