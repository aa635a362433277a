/** Items as the inputs of child executions: each by itself, or in batches. Source: "ItemBatcher (Map)". */
import { PAYLOAD_BYTES_MAX } from "../../../engines/asl/fields.ts";
import { textOf, type Json, type JsonObject } from "../../../engines/asl/json.ts";
import type { MapRunPlan } from "../../../engines/asl/state.ts";
import { readerFailed } from "./failure.ts";
import type { Item } from "./reader.ts";

export interface ChildInput {
  /** JSON */
  readonly text: string;
  /** How many items it holds. */
  readonly items: number;
}

export type Select = (index: number, item: Json, more: JsonObject) => Promise<Json>;

/**
 * The inputs of children, from the `first`-th item on.
 * @throws StatesError `States.ItemReaderFailed`, and what the selector throws
 */
export async function* childInputs(
  items: AsyncIterable<Item>,
  { batcher }: MapRunPlan,
  select: Select | undefined,
  first: number,
): AsyncGenerator<ChildInput> {
  const extra = batcher?.batchInput === undefined ? "" : `,"BatchInput":${textOf(batcher.batchInput)}`;
  const frameBytes = Buffer.byteLength(`{"Items":[]${extra}}`);
  let texts: string[] = [];
  let bytes = frameBytes;
  const take = (): ChildInput => {
    const made = { text: `{"Items":[${texts.join(",")}]${extra}}`, items: texts.length };
    texts = [];
    bytes = frameBytes;
    return made;
  };
  let index = -1;
  for await (const { value, more } of items) {
    if (++index < first) continue;
    const text = textOf(select ? await select(index, value, more) : value);
    const size = Buffer.byteLength(text);
    if (size + (batcher ? frameBytes : 0) > PAYLOAD_BYTES_MAX)
      throw readerFailed(`The item ${index} is larger than ${PAYLOAD_BYTES_MAX} bytes.`);
    if (!batcher) {
      yield { text, items: 1 };
      continue;
    }
    if (texts.length > 0 && bytes + size + 1 > batcher.maxBytes) yield take();
    texts.push(text);
    bytes += size + 1;
    if (texts.length >= batcher.maxItems) yield take();
  }
  if (texts.length > 0) yield take();
}
