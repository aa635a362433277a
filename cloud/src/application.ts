import { createReadStream, existsSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, extname, join, resolve } from "node:path";
import { packageTemplate, type ArtifactStore } from "./artifacts.ts";
import type { Call } from "./service.ts";
import type { Scope } from "./aws/scope.ts";
import { archiveDirectory } from "./functions/archive.ts";

/** What can be deployed: a template as an object, the path of a template or of a cdk.out folder, or a CDK `App`. */
export type Deployable = string | Readonly<Record<string, unknown>> | { synth(): { directory: string } };

export interface DeployOptions {
  /** Name of the stack, for a single template. Default: the file's name, else `application`. */
  stackName?: string;
  parameters?: Readonly<Record<string, string>>;
  /** Run directory assets where they lie, so that a changed file is run at the next invocation. Default: false. */
  codeInPlace?: boolean;
}

export interface DeployedStack {
  readonly name: string;
  readonly id: string;
  /** `CREATE_COMPLETE`, `UPDATE_COMPLETE`, or `NO_CHANGE`. */
  readonly status: string;
  readonly outputs: readonly { readonly key: string; readonly value: string; readonly exportName?: string }[];
}

export interface DeployResult {
  readonly stacks: readonly DeployedStack[];
}

/** A deployment that did not succeed, with every reason that the stack's events give. */
export class DeployError extends Error {
  override name = "DeployError";

  constructor(
    message: string,
    readonly stackName: string,
    readonly status: string,
    readonly reasons: readonly string[],
  ) {
    super(message);
  }
}

interface StackToDeploy {
  readonly name: string;
  readonly template: Record<string, unknown> | string;
  readonly parameters: Readonly<Record<string, string>>;
}

interface Deploying {
  readonly call: Call;
  readonly scope: Scope;
  readonly settled: () => Promise<void>;
}

/**
 * Deploys through CloudFormation's own operations, as any client would: assets first, then each stack in order.
 * @throws DeployError where a stack fails, AwsError where CloudFormation refuses the template
 */
export async function deployApplication(
  deploying: Deploying,
  deployable: Deployable,
  options: DeployOptions = {},
): Promise<DeployResult> {
  const source = typeof deployable === "object" && "synth" in deployable ? synthesise(deployable) : deployable;
  const stacks =
    typeof source === "string" && existsSync(join(source, "manifest.json"))
      ? await assemblyStacks(deploying, resolve(source), options)
      : [await templateStack(deploying, source, options)];
  const deployed: DeployedStack[] = [];
  for (const stack of stacks) deployed.push(await deployStack(deploying, stack));
  return { stacks: deployed };
}

function synthesise(app: object): string {
  return (app as { synth(): { directory: string } }).synth().directory;
}

async function templateStack(
  deploying: Deploying,
  source: string | Readonly<Record<string, unknown>>,
  options: DeployOptions,
): Promise<StackToDeploy> {
  const parameters = options.parameters ?? {};
  if (typeof source !== "string")
    return { name: options.stackName ?? "application", template: { ...source }, parameters };
  const path = resolve(source);
  if (!existsSync(path) || !statSync(path).isFile())
    throw new TypeError(
      `There is nothing to deploy at ${path}: give a template file or a cdk.out folder with a manifest.json.`,
    );
  const name = options.stackName ?? basename(path, extname(path)).replace(/[^A-Za-z0-9-]+/g, "-");
  const store = artifactStore(deploying, options.codeInPlace ?? false);
  return { name, template: await packageTemplate(readFileSync(path, "utf8"), dirname(path), store), parameters };
}

/** What a template names on this machine goes to a bucket of our own, as with every client. */
function artifactStore(deploying: Deploying, codeInPlace: boolean): ArtifactStore {
  const { account, region } = deploying.scope;
  const Bucket = `${ARTIFACT_BUCKET_PREFIX}-${account}-${region}`;
  return {
    region,
    codeInPlace,
    async put(Key, Body) {
      await ensureBucket(deploying, Bucket);
      if (!(await hasObject(deploying, Bucket, Key))) await deploying.call("s3", "PutObject", { Bucket, Key, Body });
      return Bucket;
    },
  };
}

const ARTIFACT_BUCKET_PREFIX = "katachi-artifacts";

function hasObject({ call }: Deploying, Bucket: string, Key: string): Promise<boolean> {
  return call("s3", "HeadObject", { Bucket, Key }).then(
    () => true,
    () => false,
  );
}

// ---- cloud assemblies (cdk.out) ----

interface Artifact {
  readonly type: string;
  readonly dependencies?: readonly string[];
  readonly properties?: {
    readonly templateFile?: string;
    readonly stackName?: string;
    readonly file?: string;
    readonly parameters?: Readonly<Record<string, string>>;
  };
}

interface FileAsset {
  readonly source: {
    readonly path?: string;
    readonly packaging?: "zip" | "file";
    readonly executable?: readonly string[];
  };
  readonly destinations: Readonly<Record<string, { readonly bucketName: string; readonly objectKey: string }>>;
}

async function assemblyStacks(
  deploying: Deploying,
  directory: string,
  options: DeployOptions,
): Promise<StackToDeploy[]> {
  const manifest = readJson(join(directory, "manifest.json")) as { artifacts?: Record<string, Artifact> };
  const artifacts = manifest.artifacts ?? {};
  const stacks: StackToDeploy[] = [];
  const seen = new Set<string>();
  const visit = async (id: string): Promise<void> => {
    const artifact = artifacts[id];
    if (!artifact || seen.has(id)) return;
    seen.add(id);
    for (const dependency of artifact.dependencies ?? []) await visit(dependency);
    if (artifact.type === "cdk:asset-manifest") await publishAssets(deploying, directory, artifact, options);
    if (artifact.type !== "aws:cloudformation:stack" || !artifact.properties?.templateFile) return;
    const template = readJson(join(directory, artifact.properties.templateFile)) as Record<string, unknown>;
    if (options.codeInPlace) runInPlace(template, directory);
    stacks.push({
      name: artifact.properties.stackName ?? id,
      template,
      parameters: { ...artifact.properties.parameters, ...options.parameters },
    });
  };
  for (const id of Object.keys(artifacts)) await visit(id);
  return stacks;
}

async function publishAssets(
  deploying: Deploying,
  directory: string,
  artifact: Artifact,
  options: DeployOptions,
): Promise<void> {
  const assets = readJson(join(directory, artifact.properties!.file!)) as {
    files?: Record<string, FileAsset>;
    dockerImages?: Record<string, unknown>;
  };
  const images = Object.keys(assets.dockerImages ?? {});
  if (images.length > 0)
    throw new TypeError(
      `Katachi does not emulate Docker image assets (${images.join(", ")}): package these functions as zip archives.`,
    );
  for (const asset of Object.values(assets.files ?? {})) {
    if (asset.source.path === undefined)
      throw new TypeError("Katachi does not emulate assets made by a command of their own (source.executable).");
    if (options.codeInPlace && asset.source.packaging === "zip") continue;
    for (const destination of Object.values(asset.destinations)) {
      const bucket = filled(destination.bucketName, deploying.scope);
      await publish(
        deploying,
        join(directory, asset.source.path),
        asset,
        bucket,
        filled(destination.objectKey, deploying.scope),
      );
    }
  }
}

async function publish(
  deploying: Deploying,
  path: string,
  asset: FileAsset,
  Bucket: string,
  Key: string,
): Promise<void> {
  const { call } = deploying;
  await ensureBucket(deploying, Bucket);
  if (await hasObject(deploying, Bucket, Key)) return;
  const Body = asset.source.packaging === "zip" ? await archiveDirectory(path) : createReadStream(path);
  await call("s3", "PutObject", { Bucket, Key, Body: Body as never });
}

async function ensureBucket({ call, scope }: Deploying, Bucket: string): Promise<void> {
  const isThere = await call("s3", "HeadBucket", { Bucket }).then(
    () => true,
    () => false,
  );
  if (isThere) return;
  const elsewhere =
    scope.region === "us-east-1" ? {} : { CreateBucketConfiguration: { LocationConstraint: scope.region as never } };
  await call("s3", "CreateBucket", { Bucket, ...elsewhere });
}

function filled(text: string, { account, region }: Scope): string {
  return text
    .replaceAll("${AWS::AccountId}", account)
    .replaceAll("${AWS::Region}", region)
    .replaceAll("${AWS::Partition}", "aws");
}

/** Lambda takes an object of the bucket `hot-reload` as the directory that its key names. */
function runInPlace(template: Record<string, unknown>, directory: string): void {
  for (const resource of Object.values((template["Resources"] ?? {}) as Record<string, TemplateResource>)) {
    const asset = resource.Metadata?.["aws:asset:path"];
    const property = resource.Metadata?.["aws:asset:property"];
    if (resource.Type !== "AWS::Lambda::Function" || property !== "Code" || asset === undefined) continue;
    const path = resolve(directory, asset);
    if (statSync(path).isDirectory())
      resource.Properties = { ...resource.Properties, Code: { S3Bucket: "hot-reload", S3Key: path } };
  }
}

interface TemplateResource {
  Type: string;
  Properties?: Record<string, unknown>;
  Metadata?: { "aws:asset:path"?: string; "aws:asset:property"?: string };
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

// ---- stacks ----

const CAPABILITIES = ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"] as const;
const TEMPLATE_BUCKET_PREFIX = "katachi-templates";
const TEMPLATE_BODY_BYTES_MAX = 51_200;

async function deployStack(deploying: Deploying, stack: StackToDeploy): Promise<DeployedStack> {
  const { call, settled } = deploying;
  const exists = await findStack(deploying, stack.name);
  if (exists?.status.startsWith("ROLLBACK_")) {
    // A stack whose creation failed can only be deleted; the CDK CLI does the same.
    await call("cloudformation", "DeleteStack", { StackName: stack.name });
    await settled();
  }
  const isUpdate =
    exists !== undefined && !exists.status.startsWith("ROLLBACK_") && exists.status !== "REVIEW_IN_PROGRESS";
  const input = {
    StackName: stack.name,
    Capabilities: [...CAPABILITIES],
    Parameters: Object.entries(stack.parameters).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue,
    })),
    ...(await templateInput(deploying, stack)),
  };
  try {
    await call("cloudformation", isUpdate ? "UpdateStack" : "CreateStack", input);
  } catch (error) {
    if (isUpdate && /No updates are to be performed/.test((error as Error).message))
      return { ...exists, status: "NO_CHANGE" };
    throw error;
  }
  await settled();
  const done = (await findStack(deploying, stack.name))!;
  if (done.status === "CREATE_COMPLETE" || done.status === "UPDATE_COMPLETE") return done;
  throw await failure(deploying, done);
}

/** A template that is too large for the request goes through a bucket, as with every client. */
async function templateInput(deploying: Deploying, { name, template }: StackToDeploy) {
  const text = typeof template === "string" ? template : JSON.stringify(template);
  if (Buffer.byteLength(text) <= TEMPLATE_BODY_BYTES_MAX) return { TemplateBody: text };
  const { account, region } = deploying.scope;
  const Bucket = `${TEMPLATE_BUCKET_PREFIX}-${account}-${region}`;
  await ensureBucket(deploying, Bucket);
  const Key = `${name}.template`;
  await deploying.call("s3", "PutObject", { Bucket, Key, Body: Buffer.from(text) });
  return { TemplateURL: `https://${Bucket}.s3.${region}.amazonaws.com/${Key}` };
}

async function findStack({ call }: Deploying, StackName: string): Promise<DeployedStack | undefined> {
  const found = await call("cloudformation", "DescribeStacks", { StackName }).catch((error: Error) => {
    if (/does not exist/.test(error.message)) return undefined;
    throw error;
  });
  const stack = found?.Stacks?.[0];
  if (!stack) return undefined;
  return {
    name: stack.StackName!,
    id: stack.StackId!,
    status: stack.StackStatus!,
    outputs: (stack.Outputs ?? []).map((output) => ({
      key: output.OutputKey!,
      value: output.OutputValue!,
      ...(output.ExportName === undefined ? {} : { exportName: output.ExportName }),
    })),
  };
}

async function failure({ call }: Deploying, stack: DeployedStack): Promise<DeployError> {
  const { StackEvents = [] } = await call("cloudformation", "DescribeStackEvents", { StackName: stack.id });
  const reasons: string[] = [];
  for (const event of [...StackEvents].reverse())
    if (event.ResourceStatus?.endsWith("_FAILED") && event.ResourceStatusReason !== "Resource creation cancelled")
      reasons.push(`${event.LogicalResourceId} (${event.ResourceType}): ${event.ResourceStatusReason}`);
  const text = `Stack ${stack.name} is ${stack.status}.\n${reasons.map((reason) => `  ${reason}`).join("\n")}`;
  return new DeployError(text, stack.name, stack.status, reasons);
}
