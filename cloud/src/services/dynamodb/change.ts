import type { Item } from "../../engines/dynamodb-expressions/attribute-value.ts";
import type { Key } from "../../kernel/key.ts";
import type { DynamoState, StoredItem } from "./state.ts";
import type { Table } from "./table.ts";

/** An item as it was found, parsed when it is looked into. */
export class Found {
  #item: Item | undefined;

  constructor(private readonly stored: StoredItem) {}

  get bytes(): number {
    return this.stored[0];
  }

  /** Its JSON text, as the API answers it. */
  get text(): string {
    return this.stored[1];
  }

  get item(): Item {
    return (this.#item ??= JSON.parse(this.stored[1]) as Item);
  }
}

export function findItem(state: DynamoState, key: Key): Found | undefined {
  const stored = state.items.get(key);
  return stored && new Found(stored);
}

export interface Change {
  readonly table: Table;
  readonly key: Key;
  readonly before: Found | undefined;
  /** Undefined: the item is removed. */
  readonly after: Item | undefined;
  /** Removed by the clock. */
  readonly expired?: boolean;
}

/** What was written, for the answer. */
export interface Written {
  /** JSON text of the item as it is now. */
  readonly text: string | undefined;
  readonly bytes: number;
}
