import type { Input } from "../../../aws/api-types.ts";
import { defineResource, type ResourceTag } from "../../../deploy/resource.ts";
import { mappingArn } from "../operations/event-source-mappings.ts";

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
    Tags: true,
  },
  replaceOn: ["EventSourceArn"],
  async create(cx, { Tags, ...props }) {
    const tags = cx.mergedTagMap(Tags);
    const { UUID } = await cx.call("lambda", "CreateEventSourceMapping", { ...props, Tags: tags });
    return { physicalId: UUID! };
  },
  async update(cx, { physicalId, props, previous }) {
    // What the template no longer has goes back to its default.
    await cx.call("lambda", "UpdateEventSourceMapping", {
      UUID: physicalId,
      FunctionName: props.FunctionName,
      Enabled: props.Enabled ?? true,
      BatchSize: props.BatchSize ?? 10,
      MaximumBatchingWindowInSeconds: props.MaximumBatchingWindowInSeconds ?? 0,
      FilterCriteria: props.FilterCriteria ?? {},
      FunctionResponseTypes: props.FunctionResponseTypes ?? [],
      ScalingConfig: props.ScalingConfig ?? {},
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
