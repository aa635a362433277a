import { relative, sep } from "node:path";
import { RULES, type CheckReport, type Finding } from "./finding.ts";

/**
 * A report as a SARIF 2.1.0 log, for code scanning.
 * @param root what paths are told relative to
 * @param version of this tool
 */
export function toSarif({ findings }: CheckReport, root: string, version: string): object {
  const ids = [...new Set([...Object.keys(RULES), ...findings.map(({ rule }) => rule)])];
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: { driver: { name: "katachi", semanticVersion: version, rules: ids.map(describe) } },
        columnKind: "utf16CodeUnits",
        results: findings.map((finding) => resultOf(finding, ids.indexOf(finding.rule), root)),
      },
    ],
  };
}

function describe(id: string) {
  const own = Object.hasOwn(RULES, id) ? RULES[id as keyof typeof RULES] : undefined;
  return {
    id,
    shortDescription: { text: own?.text ?? `Rule ${id.split("/")[1]} of ${id.split("/")[0]}.` },
    ...(own ? { defaultConfiguration: { level: own.level } } : {}),
  };
}

function resultOf(finding: Finding, ruleIndex: number, root: string) {
  const { rule, level, message, file, stack, logicalId, line, column } = finding;
  const uri = relative(root, file).split(sep).map(encodeURIComponent).join("/");
  const name = logicalId ?? stack;
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text: logicalId === undefined ? message : `${logicalId}: ${message}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri },
          ...(line === undefined ? {} : { region: { startLine: line, startColumn: column } }),
        },
        logicalLocations: [{ name, fullyQualifiedName: logicalId === undefined ? stack : `${stack}/${logicalId}` }],
      },
    ],
  };
}
