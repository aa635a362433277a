import { AwsError } from "../../aws/error.ts";
import { defineResource, type ResourceType } from "../../deploy/resource.ts";
import { TransformFailure, type MacroCall } from "../../deploy/transforms.ts";
import { isObject } from "../../deploy/template.ts";
import type { CloudFormationState } from "./state.ts";
import type { Cx } from "./stacks.ts";

interface MacroProps {
  Name: string;
  FunctionName: string;
  Description?: string;
}

/** `AWS::CloudFormation::Macro`: a function that templates of the account and Region may call by the macro's name. */
export function macroType(state: CloudFormationState): ResourceType {
  return defineResource<MacroProps>({
    type: "AWS::CloudFormation::Macro",
    honours: { Name: true, FunctionName: true, Description: true },
    replaceOn: ["Name"],
    // oxlint-disable-next-line require-await
    async create(cx, { Name, FunctionName }) {
      const key = [cx.scope.account, cx.scope.region, Name];
      if (state.macros.has(key)) throw new AwsError("AlreadyExistsException", `Macro ${Name} already exists`);
      state.macros.put(key, { functionName: FunctionName });
      return { physicalId: Name };
    },
    // oxlint-disable-next-line require-await
    async update(cx, { physicalId, props }) {
      state.macros.put([cx.scope.account, cx.scope.region, physicalId], { functionName: props.FunctionName });
    },
    // oxlint-disable-next-line require-await
    async delete(cx, { physicalId }) {
      state.macros.remove([cx.scope.account, cx.scope.region, physicalId]);
    },
  });
}

interface MacroAnswer {
  readonly requestId?: unknown;
  readonly status?: unknown;
  readonly fragment?: unknown;
  readonly errorMessage?: unknown;
}

/**
 * Has a macro's function process a fragment ("Writing a CloudFormation macro"), as the caller.
 * @returns the fragment that takes the place of the given one
 * @throws TransformFailure in CloudFormation's words
 */
export async function callMacro(cx: Cx, name: string, call: MacroCall): Promise<unknown> {
  const { account, region } = cx.scope;
  const transformId = `${account}::${name}`;
  const macro = cx.state.macros.get([account, region, name]);
  if (!macro) throw new AwsError("ValidationError", `No transform named ${transformId} found.`, { status: 400 });
  const requestId = cx.kernel.random.uuid();
  const event = { region, accountId: account, transformId, requestId, ...call };
  const { Payload, FunctionError } = await cx
    .call("lambda", "Invoke", { FunctionName: macro.functionName, Payload: Buffer.from(JSON.stringify(event)) })
    .catch((error: unknown) => {
      throw error instanceof AwsError ? new TransformFailure(transformId, error.message) : error;
    });
  const answer = readAnswer(Payload);
  if (FunctionError !== undefined || !answer || answer.requestId !== requestId)
    throw new TransformFailure(transformId, `Received malformed response from transform ${transformId}.`);
  if (answer.status !== "success")
    throw new TransformFailure(
      transformId,
      typeof answer.errorMessage === "string" ? answer.errorMessage : "No error message.",
    );
  return answer.fragment;
}

function readAnswer(payload: Uint8Array | undefined): MacroAnswer | undefined {
  try {
    const answer: unknown = JSON.parse(Buffer.from(payload ?? []).toString("utf8"));
    return isObject(answer) ? answer : undefined;
  } catch {
    return undefined;
  }
}
