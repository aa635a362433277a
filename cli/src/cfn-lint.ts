import { execFile } from "node:child_process";
import type { CheckReport, Finding } from "@katachi/cloud";

/** One match as `cfn-lint --format json` prints it. */
interface Match {
  readonly Rule: { readonly Id: string };
  readonly Level: string;
  readonly Message: string;
  readonly Filename: string;
  readonly Location: {
    readonly Start: { readonly LineNumber: number; readonly ColumnNumber: number };
    readonly Path?: readonly (string | number)[] | null;
  };
}

const LEVELS: Readonly<Record<string, Finding["level"]>> = { Error: "error", Warning: "warning" };

/**
 * Asks AWS's own offline validator, where it is installed. It is a Python program (`pip install cfn-lint`) and nothing
 * is installed here.
 * @returns its findings, or undefined where it is not on the PATH
 */
export async function cfnLint({ stacks }: CheckReport): Promise<Finding[] | undefined> {
  const files = new Map(stacks.filter(({ name }) => !name.includes("/")).map(({ file, name }) => [file, name]));
  if (files.size === 0) return [];
  const printed = await new Promise<string | undefined>((resolve) =>
    execFile("cfn-lint", ["--format", "json", "--", ...files.keys()], { maxBuffer: 1 << 26 }, (error, stdout) =>
      // It exits with a code other than 0 where it finds something.
      resolve(error && stdout.trim() === "" ? undefined : stdout),
    ),
  );
  if (printed === undefined) return undefined;
  return (JSON.parse(printed) as Match[]).map(({ Rule, Level, Message, Filename, Location }) => {
    const [section, logicalId] = Location.Path ?? [];
    return {
      rule: `cfn-lint/${Rule.Id}`,
      level: LEVELS[Level] ?? "note",
      message: Message,
      file: Filename,
      stack: files.get(Filename) ?? "",
      ...(section === "Resources" && typeof logicalId === "string" ? { logicalId } : {}),
      line: Location.Start.LineNumber,
      column: Location.Start.ColumnNumber,
    };
  });
}
