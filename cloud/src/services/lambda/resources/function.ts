import type { Input } from "../../../aws/api-types.ts";
import { findRuntime, refusalOf } from "../../../functions/runtimes.ts";
import { defineResource, type ResourceContext, type ResourceTag } from "../../../deploy/resource.ts";
import { IMAGE_REFUSAL } from "../configuration-rules.ts";
import { functionArn } from "../function-name.ts";
import { inlineArchive } from "./inline-code.ts";

type Made = Input<"lambda", "CreateFunction">;
type Settings = Pick<
  Made,
  | "Description"
  | "Timeout"
  | "MemorySize"
  | "Environment"
  | "Layers"
  | "TracingConfig"
  | "EphemeralStorage"
  | "LoggingConfig"
  | "DeadLetterConfig"
>;

interface Code {
  ZipFile?: string;
  S3Bucket?: string;
  S3Key?: string;
  S3ObjectVersion?: string;
}

interface FunctionProps
  extends Settings, Pick<Made, "Runtime" | "Role" | "Handler" | "Architectures" | "PackageType" | "SnapStart"> {
  FunctionName?: string;
  Code: Code;
  ReservedConcurrentExecutions?: number;
  Tags?: ResourceTag[];
}

const NAME_MAX = 64;

/** What a property goes back to when a template no longer has it. */
const DEFAULTS: Settings = {
  Description: "",
  Timeout: 3,
  MemorySize: 128,
  Environment: { Variables: {} },
  Layers: [],
  TracingConfig: { Mode: "PassThrough" },
  EphemeralStorage: { Size: 512 },
  LoggingConfig: { LogFormat: "Text" },
  DeadLetterConfig: { TargetArn: "" },
};

export const lambdaFunction = defineResource<FunctionProps>({
  type: "AWS::Lambda::Function",
  honours: {
    FunctionName: true,
    Code: { ZipFile: true, S3Bucket: true, S3Key: true, S3ObjectVersion: true },
    Runtime: true,
    Role: true,
    Handler: true,
    Description: true,
    Timeout: true,
    MemorySize: true,
    Environment: true,
    Layers: true,
    TracingConfig: true,
    EphemeralStorage: true,
    LoggingConfig: true,
    DeadLetterConfig: true,
    Architectures: true,
    PackageType: true,
    ReservedConcurrentExecutions: true,
    Tags: true,
    RuntimeManagementConfig: { harmless: "functions run on the Node.js and the Python that are installed here" },
    SnapStart: { ApplyOn: true },
  },
  check({ Runtime, PackageType, Code }) {
    const refusal = Runtime === undefined ? undefined : refusalOf(Runtime);
    return [
      ...(refusal === undefined
        ? []
        : [`Katachi does not emulate Runtime ${Runtime} of AWS::Lambda::Function: ${refusal}.`]),
      ...(PackageType === "Image" ? [`Katachi does not emulate ${IMAGE_REFUSAL}.`] : []),
      // AWS: "AWS::Lambda::Function Code": ZipFile is for Node.js and Python.
      ...(Code?.ZipFile !== undefined && findRuntime(Runtime ?? "")?.family === "provided"
        ? [`Code.ZipFile holds the source of a Node.js or Python function; ${Runtime} takes an archive from S3.`]
        : []),
    ];
  },
  async create(cx, props) {
    const FunctionName = props.FunctionName ?? cx.physicalName(NAME_MAX);
    const { Code, Tags, ReservedConcurrentExecutions, ...configuration } = props;
    const tags = cx.mergedTagMap(Tags);
    await cx.call("lambda", "CreateFunction", {
      ...configuration,
      FunctionName,
      Code: await codeInput(Code, props.Runtime),
      ...(Object.keys(tags).length > 0 ? { Tags: tags } : {}),
    });
    cx.initiated(FunctionName);
    if (ReservedConcurrentExecutions !== undefined)
      await cx.call("lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions });
    return { physicalId: FunctionName };
  },
  async update(cx, { physicalId: FunctionName, props, previous }) {
    const changes = changed(props, previous);
    if (changes) await cx.call("lambda", "UpdateFunctionConfiguration", { FunctionName, ...changes });
    if (differ(props.Code, previous.Code) || differ(props.Architectures, previous.Architectures))
      await cx.call("lambda", "UpdateFunctionCode", {
        FunctionName,
        ...(await codeInput(props.Code, props.Runtime)),
        Architectures: props.Architectures ?? ["x86_64"],
      });
    await updateConcurrency(
      cx,
      FunctionName,
      props.ReservedConcurrentExecutions,
      previous.ReservedConcurrentExecutions,
    );
    await updateTags(cx, FunctionName, props.Tags, previous.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("lambda", "DeleteFunction", { FunctionName: physicalId });
  },
  async attributes(cx, physicalId) {
    return { Arn: functionArn(cx.scope, physicalId) };
  },
});

async function codeInput(
  { ZipFile, ...code }: Code,
  runtime: string | undefined,
): Promise<Omit<Code, "ZipFile"> & { ZipFile?: Uint8Array }> {
  return ZipFile === undefined ? code : { ZipFile: await inlineArchive(ZipFile, runtime) };
}

/** The configuration with what was left out set back; undefined where nothing of it changed. */
function changed(props: FunctionProps, previous: FunctionProps): Settings | undefined {
  const changes: Record<string, unknown> = {};
  const after = props as unknown as Record<string, unknown>;
  const before = previous as unknown as Record<string, unknown>;
  for (const name of [...Object.keys(DEFAULTS), "Runtime", "Role", "Handler"])
    if (differ(after[name], before[name])) changes[name] = after[name] ?? (DEFAULTS as Record<string, unknown>)[name];
  return Object.keys(changes).length > 0 ? changes : undefined;
}

async function updateConcurrency(cx: ResourceContext, FunctionName: string, after?: number, before?: number) {
  if (after === before) return;
  if (after === undefined) await cx.call("lambda", "DeleteFunctionConcurrency", { FunctionName });
  else await cx.call("lambda", "PutFunctionConcurrency", { FunctionName, ReservedConcurrentExecutions: after });
}

async function updateTags(cx: ResourceContext, name: string, after?: ResourceTag[], before?: ResourceTag[]) {
  const Resource = functionArn(cx.scope, name);
  const Tags = cx.mergedTagMap(after);
  const gone = Object.keys(cx.mergedTagMap(before)).filter((key) => !(key in Tags));
  if (gone.length > 0) await cx.call("lambda", "UntagResource", { Resource, TagKeys: gone });
  if (Object.keys(Tags).length > 0) await cx.call("lambda", "TagResource", { Resource, Tags });
}

function differ(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) !== JSON.stringify(b);
}
