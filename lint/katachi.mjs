/**
 * Rules of this repository, for oxlint's plugin interface: time, timers and chance stay inside `kernel/`; imports go
 * downwards; a service imports no other service.
 */
import path from "node:path";

const TIME_GLOBALS = new Set(["setTimeout", "setInterval", "setImmediate"]);
const TIME_MEMBERS = new Set([
  "Date.now",
  "performance.now",
  "process.hrtime",
  "Math.random",
  "crypto.randomUUID",
  "crypto.randomBytes",
]);
const TIME_IMPORTS = { "node:timers": "*", "node:timers/promises": "*", "timers/promises": "*" };
const RANDOM_IMPORTS = new Set(["randomUUID", "randomBytes", "randomInt", "getRandomValues", "webcrypto"]);

const timeInKernel = {
  meta: { type: "problem", docs: { description: "Clock, timers and randomness come from kernel/." } },
  create(context) {
    const report = (node, what) =>
      context.report({ node, message: `${what} outside kernel/: take clock, timers and randomness from the kernel.` });
    return {
      CallExpression(node) {
        const { callee } = node;
        if (callee.type === "Identifier" && TIME_GLOBALS.has(callee.name)) report(node, callee.name);
        if (callee.type !== "MemberExpression" || callee.computed) return;
        const name = `${callee.object.name ?? ""}.${callee.property.name ?? ""}`;
        if (TIME_MEMBERS.has(name)) report(node, name);
      },
      NewExpression(node) {
        if (node.callee.type === "Identifier" && node.callee.name === "Date" && node.arguments.length === 0)
          report(node, "new Date()");
      },
      ImportDeclaration(node) {
        const from = node.source.value;
        if (from in TIME_IMPORTS) report(node, from);
        if (from !== "node:crypto" && from !== "crypto") return;
        for (const specifier of node.specifiers)
          if (RANDOM_IMPORTS.has(specifier.imported?.name)) report(specifier, specifier.imported.name);
      },
    };
  },
};

/** What each layer of cloud/src may import, besides itself and packages. The file names are those directly in cloud/src. */
const CONTRACTS = ["service", "http", "aws", "kernel", "iam", "deploy/resource"];
const LAYERS = {
  kernel: [],
  aws: [],
  engines: ["aws"],
  http: ["aws", "iam"],
  "package-path": [],
  iam: ["aws", "kernel", "package-path"],
  wire: ["aws", "iam", "kernel", "http", "gate", "service", "package-path"],
  service: ["aws", "http", "iam", "kernel", "deploy/resource"],
  faults: ["aws", "kernel", "service"],
  visible: ["wire/model"],
  gate: ["aws", "faults", "http", "iam", "kernel", "service", "visible", "wire/model", "wire/validation"],
  functions: ["aws", "kernel", "package-path"],
  gateway: [...CONTRACTS, "wire"],
  deploy: ["aws", "iam", "kernel", "service", "engines", "package-path"],
  sources: CONTRACTS,
  outbound: [...CONTRACTS, "wire"],
  services: [...CONTRACTS, "engines", "functions", "deploy", "gateway", "outbound", "sources", "wire"],
  control: ["aws", "kernel", "iam", "gate", "service", "faults", "http", "deploy", "wire", "engines", "cloud"],
};
const ROOT = `${path.sep}cloud${path.sep}src${path.sep}`;

const layers = {
  meta: { type: "problem", docs: { description: "Imports go downwards; a service imports no other service." } },
  create(context) {
    const file = context.filename ?? context.getFilename();
    const at = file.indexOf(ROOT);
    if (at < 0 || file.endsWith(".test.ts") || path.basename(file).startsWith("test-")) return {};
    const root = file.slice(0, at + ROOT.length);
    const own = file.slice(root.length).split(path.sep);
    const layer = own[0].replace(/\.ts$/, "");
    const allowed = LAYERS[layer];
    if (!allowed) return {};
    return {
      ImportDeclaration(node) {
        const from = node.source.value;
        if (!from.startsWith(".")) return;
        const target = path.relative(root, path.resolve(path.dirname(file), from)).split(path.sep);
        if (target[0] === "..") return;
        const names = target.map((name) => name.replace(/\.ts$/, ""));
        if (names[0] === layer) {
          if (layer === "services" && names[1] !== own[1])
            context.report({
              node,
              message: `service ${own[1]} imports service ${names[1]}: ask the gate (cx.call) or hand an event to delivery.`,
            });
          return;
        }
        const ok = allowed.includes(names[0]) || allowed.includes(names.slice(0, 2).join("/"));
        if (!ok)
          context.report({
            node,
            message: `${layer} may not import ${names.join("/")}; allowed: ${allowed.join(", ") || "nothing"}.`,
          });
      },
    };
  },
};

export default { meta: { name: "katachi" }, rules: { "time-in-kernel": timeInKernel, layers } };
