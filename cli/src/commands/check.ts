import { relative } from "node:path";
import { check as checkPath, toSarif, verdictOf, type CheckReport, type Finding } from "@katachi/cloud";
import pc from "picocolors";
import { findApplication, synthesise } from "../application.ts";
import { cfnLint } from "../cfn-lint.ts";
import type { GlobalOptions } from "../options.ts";
import { UserError } from "../user-error.ts";
import { version } from "../version.ts";

interface CheckFlags extends GlobalOptions {
  sarif?: boolean;
  strict?: boolean;
  /** False with `--no-cfn-lint`. */
  cfnLint: boolean;
}

/** `katachi check`: what runs, what runs otherwise and what does not, before anything runs. */
export async function check(given: string, flags: CheckFlags): Promise<void> {
  if (flags.sarif && flags.json) throw new UserError("Give --json or --sarif, not both.", 2);
  const application = findApplication(given);
  const path = application.kind === "cdk" ? await synthesise(application) : application.path;
  const own = await checkPath(path);
  const linted = flags.cfnLint ? await cfnLint(own) : [];
  const report: CheckReport = { ...own, findings: [...own.findings, ...(linted ?? [])] };
  const unlinted = linted === undefined;
  const summary = summarise(report);
  if (flags.sarif) console.log(JSON.stringify(toSarif(report, process.cwd(), version), null, 2));
  else if (flags.json)
    console.log(JSON.stringify({ ...summary, cfnLint: !unlinted && flags.cfnLint, ...report }, null, 2));
  else print(report, summary, unlinted);
  if (summary.verdict === "fails" || (flags.strict && isFlawed(report))) process.exitCode = 1;
}

/** With `--strict`, differences count, and what AWS's validator calls an error. */
function isFlawed({ findings }: CheckReport): boolean {
  return findings.some((finding) => verdictOf(finding) !== undefined || finding.level === "error");
}

function summarise({ stacks, findings }: CheckReport) {
  const idOf = (stack: string, logicalId: string) => `${stack}/${logicalId}`;
  const verdicts = new Map<string, "differs" | "fails">();
  let whole: "runs" | "differs" | "fails" = "runs";
  for (const finding of findings) {
    const verdict = verdictOf(finding);
    if (verdict === undefined) continue;
    if (whole !== "fails") whole = verdict;
    if (finding.logicalId === undefined) continue;
    const id = idOf(finding.stack, finding.logicalId);
    if (verdicts.get(id) !== "fails") verdicts.set(id, verdict);
  }
  const ids = stacks.flatMap(({ name, resources }) => resources.map(({ logicalId }) => idOf(name, logicalId)));
  const count = (verdict: string) => ids.filter((id) => (verdicts.get(id) ?? "runs") === verdict).length;
  return {
    verdict: whole,
    resources: ids.length,
    runs: count("runs"),
    differs: count("differs"),
    fails: count("fails"),
  };
}

function print(report: CheckReport, summary: ReturnType<typeof summarise>, unlinted: boolean): void {
  const { resources, runs, differs, fails } = summary;
  console.log(
    `${pc.bold(String(resources))} resources: ${pc.green(`${runs} run`)}, ${differs} run with differences, ` +
      (fails > 0 ? pc.red(`${fails} do not run`) : "0 do not run"),
  );
  const lint = (finding: Finding) => finding.rule.startsWith("cfn-lint/");
  const own = report.findings.filter((finding) => !lint(finding));
  section(
    "Does not run",
    own.filter((finding) => verdictOf(finding) === "fails"),
  );
  section(
    "Runs with differences",
    own.filter((finding) => verdictOf(finding) === "differs"),
  );
  section(
    "Advice",
    own.filter((finding) => verdictOf(finding) === undefined),
  );
  section("cfn-lint", report.findings.filter(lint));
  if (unlinted) console.log("\ncfn-lint, AWS's validator of templates, is not on the PATH: it was not asked.");
}

function section(title: string, findings: readonly Finding[]): void {
  if (findings.length === 0) return;
  console.log(`\n${pc.bold(title)}`);
  for (const { file, line, column, logicalId, type, message, rule } of findings) {
    const place = `${relative(process.cwd(), file)}${line === undefined ? "" : `:${line}:${column}`}`;
    const what = logicalId === undefined ? "" : `${logicalId}${type === undefined ? "" : ` (${type})`}: `;
    console.log(`  ${pc.dim(place)}  ${what}${message} ${pc.dim(`[${rule}]`)}`);
  }
}
