import { NotEmulatedError } from "../../../aws/error.ts";
import type { Operations } from "../../../service.ts";
import { invalidResourceId } from "../errors.ts";
import { findParameter, putParameter, type Cx, type ParameterRecord, type SsmState } from "../state.ts";
import { addTags } from "./write.ts";

function getTagged(cx: Cx, type: string | undefined, id: string | undefined): ParameterRecord {
  if (type !== "Parameter") throw new NotEmulatedError(`tags of Systems Manager resources of type ${type}`);
  const record = findParameter(cx, id ?? "");
  if (!record) throw invalidResourceId();
  return record;
}

export const tags = {
  AddTagsToResource(cx, { ResourceType, ResourceId, Tags = [] }) {
    const record = getTagged(cx, ResourceType, ResourceId);
    putParameter(cx, { ...record, tags: addTags(record.tags, Tags) });
    return {};
  },

  RemoveTagsFromResource(cx, { ResourceType, ResourceId, TagKeys = [] }) {
    const record = getTagged(cx, ResourceType, ResourceId);
    const kept = Object.entries(record.tags).filter(([key]) => !TagKeys.includes(key));
    putParameter(cx, { ...record, tags: Object.fromEntries(kept) });
    return {};
  },

  ListTagsForResource(cx, { ResourceType, ResourceId }) {
    const record = getTagged(cx, ResourceType, ResourceId);
    return { TagList: Object.entries(record.tags).map(([Key, Value]) => ({ Key, Value })) };
  },
} satisfies Operations<"ssm", SsmState>;
