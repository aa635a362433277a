import type { ItemCollectionMetrics } from "@aws-sdk/client-dynamodb";
import { exportItem } from "../../engines/dynamodb-expressions/attribute-input.ts";
import { keyOf, partitionKey } from "./key.ts";
import type { Cx } from "./request.ts";
import type { Write } from "./write-plan.ts";

const GIB = 2 ** 30;

/**
 * How large the item collection of a write is: what shares its partition key, in the table and its local indexes. Told
 * of tables with local indexes only.
 * Gap: the limit of 10 GB for an item collection is not enforced.
 */
export function collectionMetrics(
  cx: Cx,
  { table, keyItem }: Write,
  mode: string | undefined,
): ItemCollectionMetrics | undefined {
  const locals = table.indexes.filter((index) => index.local);
  if (mode !== "SIZE" || locals.length === 0) return undefined;
  let bytes = 0;
  for (const { number } of [table, ...locals])
    for (const [each] of cx.state.items.values({ prefix: partitionKey(number, table.partition, keyItem) }))
      bytes += each;
  const floor = Math.floor(bytes / GIB);
  return {
    ItemCollectionKey: exportItem(keyOf(table.partition, keyItem)) as ItemCollectionMetrics["ItemCollectionKey"],
    SizeEstimateRangeGB: [floor, floor + 1],
  };
}
