import type { Capability } from "@aws-sdk/client-cloudformation";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type Created, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import type { Engine } from "./engine.ts";
import { Cancelled, StepFailure } from "./failure.ts";
import type { CloudFormationState, StackRecord } from "./state.ts";
import type { OwnContext } from "./step-context.ts";

interface StackProps {
  TemplateURL: string;
  Parameters?: Record<string, string>;
  Tags?: ResourceTag[];
  TimeoutInMinutes?: number;
  NotificationARNs?: string[];
}

const STACK_NAME_MAX = 128;

/** `AWS::CloudFormation::Stack`: a stack of its own, that the parent waits for. */
export function nestedStack(state: CloudFormationState, engine: Engine): ResourceType {
  return defineResource<StackProps>({
    type: "AWS::CloudFormation::Stack",
    honours: { TemplateURL: true, Parameters: true, Tags: true, TimeoutInMinutes: true, NotificationARNs: true },
    async create(cx, props) {
      const own = cx as OwnContext;
      const { StackId = "" } = await cx.call("cloudformation", "CreateStack", {
        StackName: cx.physicalName(STACK_NAME_MAX),
        ...common(own, props),
        OnFailure: "DO_NOTHING",
        ClientRequestToken: cx.token,
        ...(props.TimeoutInMinutes === undefined ? {} : { TimeoutInMinutes: props.TimeoutInMinutes }),
      });
      adopt(own, StackId);
      if (own.initiatedId === undefined) cx.initiated(StackId);
      const stack = await ended(own, StackId);
      if (stack.status !== "CREATE_COMPLETE")
        throw new StepFailure(`Embedded stack ${StackId} was not successfully created: ${stack.statusReason ?? ""}`);
      return answer(stack);
    },
    async update(cx, { physicalId, props }) {
      const own = cx as OwnContext;
      try {
        await cx.call("cloudformation", "UpdateStack", { StackName: physicalId, ...common(own, props) });
      } catch (error) {
        if (!(error instanceof AwsError) || error.message !== "No updates are to be performed.") throw error;
      }
      const stack = await ended(own, physicalId);
      if (stack.status !== "UPDATE_COMPLETE" && stack.status !== "CREATE_COMPLETE")
        throw new StepFailure(
          `Embedded stack ${physicalId} was not successfully updated. Currently in ${stack.status} with reason: ${stack.statusReason ?? ""}`,
        );
      return answer(stack);
    },
    async delete(cx, { physicalId }) {
      const stack = state.stacks.get([physicalId]);
      if (!stack || stack.status === "DELETE_COMPLETE") return;
      await cx.call("cloudformation", "DeleteStack", { StackName: physicalId });
      const gone = await ended(cx as OwnContext, physicalId);
      if (gone.status !== "DELETE_COMPLETE")
        throw new StepFailure(`Embedded stack ${physicalId} was not successfully deleted: ${gone.statusReason ?? ""}`);
    },
  });

  /** AWS: a nested stack knows its parent and the root of all. */
  function adopt({ stack: parent }: OwnContext, stackId: string): void {
    const child = engine.live(stackId) ?? state.stacks.get([stackId])!;
    const rootId = parent.rootId ?? parent.stackId;
    Object.assign(child, { parentId: parent.stackId, rootId });
    state.stacks.put([stackId], child);
  }

  async function ended(cx: OwnContext, stackId: string): Promise<StackRecord> {
    const cancel = () => engine.cancel(stackId, "Resource creation cancelled");
    cx.signal.addEventListener("abort", cancel);
    await cx.pause(() => engine.ended(stackId));
    cx.signal.removeEventListener("abort", cancel);
    if (cx.signal.aborted) throw new Cancelled();
    return state.stacks.get([stackId])!;
  }
}

function common({ stack, mergedTags }: OwnContext, props: StackProps) {
  const Tags = mergedTags(props.Tags).filter((tag) => !tag.Key.startsWith("aws:"));
  return {
    TemplateURL: props.TemplateURL,
    Parameters: Object.entries(props.Parameters ?? {}).map(([ParameterKey, ParameterValue]) => ({
      ParameterKey,
      ParameterValue: String(ParameterValue),
    })),
    Capabilities: [...(stack.definition?.capabilities ?? [])] as Capability[],
    ...(Tags.length > 0 ? { Tags } : {}),
    ...(props.NotificationARNs ? { NotificationARNs: props.NotificationARNs } : {}),
  };
}

function answer(stack: StackRecord): Created {
  const outputs = stack.outputs.map(({ key, value }) => [`Outputs.${key}`, value]);
  return { physicalId: stack.stackId, attributes: Object.fromEntries(outputs) };
}
