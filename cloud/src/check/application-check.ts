import { existsSync, readFileSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { packageTemplate, type ArtifactStore } from "../artifacts.ts";
import { DEFAULT_SCOPE } from "../aws/scope.ts";
import { isObject } from "../deploy/template.ts";
import type { ResourceTypes } from "../deploy/resource-types.ts";
import { RULES, type CheckedStack, type CheckReport, type Finding, type Rule } from "./finding.ts";
import { checkTemplateText, type CheckContext, type TemplateToCheck } from "./template-check.ts";

interface Asked {
  readonly types: ResourceTypes;
  readonly nowMs: number;
}

/**
 * Checks a template file, or a cdk.out folder with all its stacks, and the stacks nested in them.
 * @param path of the template or the folder
 */
export async function checkApplication(path: string, asked: Asked): Promise<CheckReport> {
  const artifacts = new Map<string, string>();
  const cx: CheckContext = {
    ...asked,
    scope: DEFAULT_SCOPE,
    readArtifact: (location) => artifacts.get(location.slice(location.lastIndexOf("/") + 1)),
  };
  const report = { stacks: [] as CheckedStack[], findings: [] as Finding[] };
  if (existsSync(join(path, "manifest.json"))) await checkAssembly(resolve(path), cx, report);
  else {
    const name = basename(path, extname(path)).replace(/[^A-Za-z0-9-]+/g, "-");
    await checkFile({ stack: name, file: path, parameters: {} }, cx, artifacts, report);
  }
  return report;
}

type Report = { stacks: CheckedStack[]; findings: Finding[] };

/** Puts nothing anywhere: what a template names on this machine is kept in memory. */
function memoryStore(artifacts: Map<string, string>): ArtifactStore {
  return {
    region: DEFAULT_SCOPE.region,
    codeInPlace: true,
    put(key, body) {
      if (/\.\w+$/.test(key)) artifacts.set(key, body.toString("utf8"));
      return Promise.resolve("katachi-check");
    },
  };
}

async function checkFile(
  { stack, file, parameters }: Pick<TemplateToCheck, "stack" | "file" | "parameters">,
  cx: CheckContext,
  artifacts: Map<string, string>,
  report: Report,
): Promise<void> {
  const text = readFileSync(file, "utf8");
  const local = new Map<string, string>();
  let packaged: string;
  try {
    packaged = await packageTemplate(text, dirname(resolve(file)), memoryStore(artifacts));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    report.findings.push(finding("missing-file", error.message, stack, file));
    packaged = text;
  }
  await checkWithNested({ stack, file, text, packaged, parameters }, cx, artifacts, local, report);
}

/** Nested templates have been packaged with the one that names them; their lines are those of the packaged text. */
async function checkWithNested(
  given: TemplateToCheck,
  cx: CheckContext,
  artifacts: ReadonlyMap<string, string>,
  files: ReadonlyMap<string, string>,
  report: Report,
): Promise<void> {
  const { stack, findings, nested } = await checkTemplateText(given, cx);
  report.stacks.push(stack);
  report.findings.push(...findings);
  for (const { logicalId, url, parameters } of nested) {
    const key = typeof url === "string" ? url.slice(url.lastIndexOf("/") + 1) : "";
    const text = artifacts.get(key) ?? files.get(logicalId);
    const name = `${given.stack}/${logicalId}`;
    if (text === undefined)
      report.findings.push({
        ...finding("not-checked", "The nested template is not on this machine.", given.stack, given.file),
        logicalId,
      });
    else {
      const known = Object.entries(isObject(parameters) ? parameters : {}).filter(
        ([, value]) => typeof value === "string",
      );
      const inner = { stack: name, file: given.file, text, packaged: text };
      await checkWithNested(
        { ...inner, parameters: Object.fromEntries(known) as Record<string, string> },
        cx,
        artifacts,
        files,
        report,
      );
    }
  }
}

interface Artifact {
  readonly type: string;
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly file?: string;
    readonly parameters?: Readonly<Record<string, string>>;
  };
}

async function checkAssembly(directory: string, cx: CheckContext, report: Report): Promise<void> {
  const manifest = readJson(join(directory, "manifest.json")) as { artifacts?: Record<string, Artifact> };
  for (const [id, { type, properties }] of Object.entries(manifest.artifacts ?? {})) {
    if (type === "cdk:asset-manifest" && properties?.file !== undefined)
      report.findings.push(...assetFindings(join(directory, properties.file), id));
    if (type !== "aws:cloudformation:stack" || properties?.templateFile === undefined) continue;
    const file = join(directory, properties.templateFile);
    const text = readFileSync(file, "utf8");
    const given = {
      stack: properties.stackName ?? id,
      file,
      text,
      packaged: text,
      parameters: properties.parameters ?? {},
    };
    await checkWithNested(given, cx, new Map(), nestedTemplates(text, directory), report);
  }
}

/** The CDK says in a nested stack's metadata which file of the assembly is its template. */
function nestedTemplates(text: string, directory: string): ReadonlyMap<string, string> {
  const { Resources = {} } = JSON.parse(text) as { Resources?: Record<string, { Metadata?: Record<string, unknown> }> };
  return new Map(
    Object.entries(Resources).flatMap(([logicalId, { Metadata }]) => {
      const path = Metadata?.["aws:asset:path"];
      const file = typeof path === "string" ? join(directory, path) : "";
      return file.endsWith(".json") && existsSync(file) ? [[logicalId, readFileSync(file, "utf8")] as const] : [];
    }),
  );
}

function assetFindings(file: string, id: string): Finding[] {
  const assets = readJson(file) as {
    files?: Record<string, { source: { path?: string }; displayName?: string }>;
    dockerImages?: Record<string, { displayName?: string; source?: { directory?: string } }>;
  };
  const stack = id.replace(/\.assets$/, "");
  return [
    ...Object.entries(assets.dockerImages ?? {}).map(([hash, image]) =>
      finding(
        "docker-asset",
        `The image ${image.displayName ?? image.source?.directory ?? hash} is not run: package this function as a zip archive.`,
        stack,
        file,
      ),
    ),
    ...Object.entries(assets.files ?? {})
      .filter(([, { source }]) => source.path === undefined)
      .map(([hash, { displayName }]) =>
        finding("not-emulated", `The asset ${displayName ?? hash} is made by a command of its own.`, stack, file),
      ),
  ];
}

function finding(rule: Rule, message: string, stack: string, file: string): Finding {
  return { rule, level: RULES[rule].level, message, stack, file };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}
