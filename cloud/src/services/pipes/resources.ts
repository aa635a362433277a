/** The CloudFormation type of pipes. */
import type { Input } from "../../aws/api-types.ts";
import { defineResource, type ResourceContext, type ResourceType } from "../../deploy/resource.ts";

type Create = Input<"pipes", "CreatePipe">;

type PipeProps = Omit<Create, "Name" | "Tags" | "LogConfiguration"> & {
  Name?: string;
  Source: string;
  Target: string;
  RoleArn: string;
  Tags?: Record<string, string>;
  LogConfiguration?: Create["LogConfiguration"];
};

const NAME_MAX = 64;

/** @throws Error with the pipe's own reason, where it cannot run */
async function settle(cx: ResourceContext, Name: string): Promise<void> {
  const reason = await cx.waitUntil("the pipe to run", async () => {
    const { CurrentState = "", StateReason = "" } = await cx.call("pipes", "DescribePipe", { Name });
    if (CurrentState === "RUNNING" || CurrentState === "STOPPED") return "";
    return CurrentState.endsWith("_FAILED") ? StateReason : undefined;
  });
  if (reason !== "")
    throw new Error(
      `Resource of type 'AWS::Pipes::Pipe' with identifier '${Name}' did not stabilize. Status Reason is ${reason}`,
    );
}

const pipe = defineResource<PipeProps>({
  type: "AWS::Pipes::Pipe",
  honours: {
    Name: true,
    Description: true,
    DesiredState: true,
    Source: true,
    SourceParameters: { FilterCriteria: true, SqsQueueParameters: true, DynamoDBStreamParameters: true },
    Enrichment: true,
    EnrichmentParameters: true,
    Target: true,
    TargetParameters: {
      InputTemplate: true,
      LambdaFunctionParameters: true,
      StepFunctionStateMachineParameters: true,
      SqsQueueParameters: true,
      HttpParameters: true,
      EventBridgeEventBusParameters: true,
      CloudWatchLogsParameters: true,
    },
    RoleArn: true,
    LogConfiguration: { CloudwatchLogsLogDestination: true, Level: true, IncludeExecutionData: true },
    Tags: true,
  },
  async create(cx, { Tags, ...props }) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    cx.initiated(Name);
    await cx.call("pipes", "CreatePipe", { ...props, Name, Tags: cx.mergedTagMap(Tags) });
    await settle(cx, Name);
    return { physicalId: Name };
  },
  async update(cx, { physicalId: Name, props, previous }) {
    const { Tags, Source: _, ...settings } = props;
    await cx.call("pipes", "UpdatePipe", {
      // What the template no longer has goes back to its default.
      Description: "",
      Enrichment: "",
      EnrichmentParameters: {},
      TargetParameters: {},
      DesiredState: "RUNNING",
      LogConfiguration: { Level: "OFF" },
      ...settings,
      SourceParameters: { FilterCriteria: {}, ...props.SourceParameters },
      Name,
    });
    await settle(cx, Name);
    const { Arn: resourceArn } = await cx.call("pipes", "DescribePipe", { Name });
    const tagKeys = cx.removedTagKeys(previous.Tags, Tags);
    if (tagKeys.length > 0) await cx.call("pipes", "UntagResource", { resourceArn, tagKeys });
    const tags = cx.mergedTagMap(Tags);
    if (Object.keys(tags).length > 0) await cx.call("pipes", "TagResource", { resourceArn, tags });
  },
  async delete(cx, { physicalId: Name }) {
    await cx.call("pipes", "DeletePipe", { Name });
    await cx.waitUntil("the pipe to be gone", () =>
      cx.call("pipes", "DescribePipe", { Name }).then(
        () => undefined,
        () => true,
      ),
    );
  },
  async attributes(cx, Name) {
    const described = await cx.call("pipes", "DescribePipe", { Name });
    return {
      Arn: described.Arn,
      CurrentState: described.CurrentState,
      StateReason: described.StateReason,
      CreationTime: described.CreationTime?.toISOString(),
      LastModifiedTime: described.LastModifiedTime?.toISOString(),
    };
  },
});

export const resources: readonly ResourceType[] = [pipe];
