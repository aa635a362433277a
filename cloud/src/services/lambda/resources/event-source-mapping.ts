import { findArn } from "../../../aws/arn.ts";
import type { Input } from "../../../aws/api-types.ts";
import { defineResource, type ResourceTag } from "../../../deploy/resource.ts";
import { mappingArn } from "../operations/event-source-mappings.ts";

type Create = Input<"lambda", "CreateEventSourceMapping">;
type Update = Input<"lambda", "UpdateEventSourceMapping">;

interface MappingProps {
  FunctionName: string;
  EventSourceArn?: string;
  Enabled?: boolean;
  BatchSize?: number;
  MaximumBatchingWindowInSeconds?: number;
  FilterCriteria?: Update["FilterCriteria"];
  FunctionResponseTypes?: Update["FunctionResponseTypes"];
  ScalingConfig?: Update["ScalingConfig"];
  StartingPosition?: Create["StartingPosition"];
  /** Seconds since 1970. */
  StartingPositionTimestamp?: number;
  ParallelizationFactor?: number;
  BisectBatchOnFunctionError?: boolean;
  MaximumRetryAttempts?: number;
  MaximumRecordAgeInSeconds?: number;
  TumblingWindowInSeconds?: number;
  DestinationConfig?: Update["DestinationConfig"];
  Tags?: ResourceTag[];
}

export const eventSourceMapping = defineResource<MappingProps>({
  type: "AWS::Lambda::EventSourceMapping",
  honours: {
    FunctionName: true,
    EventSourceArn: true,
    Enabled: true,
    BatchSize: true,
    MaximumBatchingWindowInSeconds: true,
    FilterCriteria: true,
    FunctionResponseTypes: true,
    ScalingConfig: true,
    StartingPosition: true,
    StartingPositionTimestamp: true,
    ParallelizationFactor: true,
    BisectBatchOnFunctionError: true,
    MaximumRetryAttempts: true,
    MaximumRecordAgeInSeconds: true,
    TumblingWindowInSeconds: true,
    DestinationConfig: true,
    Tags: true,
  },
  replaceOn: ["EventSourceArn", "StartingPosition", "StartingPositionTimestamp"],
  async create(cx, { Tags, StartingPositionTimestamp: seconds, ...props }) {
    const tags = cx.mergedTagMap(Tags);
    const timestamp = seconds === undefined ? {} : { StartingPositionTimestamp: new Date(seconds * 1000) };
    const { UUID } = await cx.call("lambda", "CreateEventSourceMapping", { ...props, ...timestamp, Tags: tags });
    return { physicalId: UUID! };
  },
  async update(cx, { physicalId, props, previous }) {
    const isQueue = findArn(props.EventSourceArn ?? "")?.service === "sqs";
    // What the template no longer has goes back to its default.
    await cx.call("lambda", "UpdateEventSourceMapping", {
      UUID: physicalId,
      FunctionName: props.FunctionName,
      Enabled: props.Enabled ?? true,
      BatchSize: props.BatchSize ?? (isQueue ? 10 : 100),
      MaximumBatchingWindowInSeconds: props.MaximumBatchingWindowInSeconds ?? 0,
      FilterCriteria: props.FilterCriteria ?? {},
      FunctionResponseTypes: props.FunctionResponseTypes ?? [],
      ...(isQueue
        ? { ScalingConfig: props.ScalingConfig ?? {} }
        : {
            ParallelizationFactor: props.ParallelizationFactor ?? 1,
            BisectBatchOnFunctionError: props.BisectBatchOnFunctionError ?? false,
            MaximumRetryAttempts: props.MaximumRetryAttempts ?? -1,
            MaximumRecordAgeInSeconds: props.MaximumRecordAgeInSeconds ?? -1,
            TumblingWindowInSeconds: props.TumblingWindowInSeconds ?? 0,
            DestinationConfig: props.DestinationConfig ?? { OnFailure: {} },
          }),
    });
    const Resource = mappingArn(cx.scope, physicalId);
    const TagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (TagKeys.length > 0) await cx.call("lambda", "UntagResource", { Resource, TagKeys });
    const tags = cx.mergedTagMap(props.Tags);
    if (Object.keys(tags).length > 0) await cx.call("lambda", "TagResource", { Resource, Tags: tags });
  },
  async delete(cx, { physicalId }) {
    await cx.call("lambda", "DeleteEventSourceMapping", { UUID: physicalId });
  },
  async attributes(cx, physicalId) {
    return { Id: physicalId, EventSourceMappingArn: mappingArn(cx.scope, physicalId) };
  },
});
