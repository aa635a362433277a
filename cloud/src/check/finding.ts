/** What a check can find, each by a rule of its own. */
export const RULES = {
  "invalid-template": { level: "error", text: "CloudFormation would refuse the template." },
  "missing-file": { level: "error", text: "The template names a file or folder that is not there." },
  "not-emulated": { level: "error", text: "Katachi refuses it at the deployment: it does not emulate this." },
  "invalid-properties": { level: "error", text: "The properties do not fit the published specification." },
  "docker-asset": { level: "error", text: "Container images do not run here." },
  "runs-differently": { level: "warning", text: "It runs, and behaves otherwise than on AWS." },
  "not-checked": { level: "warning", text: "What this becomes can be seen only when it is deployed." },
  "deprecated-runtime": {
    level: "warning",
    text: "AWS has deprecated the Lambda runtime, or will within half a year.",
  },
  "broad-action": { level: "warning", text: "A policy allows more actions than anything needs." },
  "broad-resource": {
    level: "warning",
    text: "A policy allows actions on everything that could be allowed on one thing.",
  },
  "broad-pass-role": { level: "warning", text: "A policy lets any role be passed on." },
} as const;

export type Rule = keyof typeof RULES;
export type Level = "error" | "warning" | "note";

/** One thing that was found. */
export interface Finding {
  /** One of `RULES`, or a rule of another tool, `cfn-lint/E3002`. */
  readonly rule: string;
  readonly level: Level;
  readonly message: string;
  /** Path of the template. */
  readonly file: string;
  readonly stack: string;
  readonly logicalId?: string;
  /** e.g. `AWS::SQS::Queue`. */
  readonly type?: string;
  /** Where in the file, from 1; absent where it is not known. */
  readonly line?: number;
  readonly column?: number;
}

/** What one rule says of one stack's template. */
export interface CheckedStack {
  readonly name: string;
  readonly file: string;
  /** Every resource that the template makes, after its transforms. */
  readonly resources: readonly { readonly logicalId: string; readonly type: string }[];
}

export interface CheckReport {
  readonly stacks: readonly CheckedStack[];
  readonly findings: readonly Finding[];
}

const DIFFERENCES: ReadonlySet<string> = new Set<Rule>(["runs-differently", "not-checked"]);

export type Verdict = "runs" | "differs" | "fails";

/** What a finding says of whether the application runs here; undefined where it is advice only. */
export function verdictOf({ rule, level }: Finding): Exclude<Verdict, "runs"> | undefined {
  if (level === "error" && Object.hasOwn(RULES, rule)) return "fails";
  return DIFFERENCES.has(rule) ? "differs" : undefined;
}
