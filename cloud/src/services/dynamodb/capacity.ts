/** Capacity units. Source: "DynamoDB read and write operations", "Read and write capacity consumption". */
import type { ConsumedCapacity } from "@aws-sdk/client-dynamodb";
import type { Index } from "./table.ts";

const READ_BYTES = 4096;
const WRITE_BYTES = 1024;

/** Units for reading so many bytes; an eventually consistent read costs half. */
export function readUnits(bytes: number, consistent: boolean): number {
  return Math.max(1, Math.ceil(bytes / READ_BYTES)) * (consistent ? 1 : 0.5);
}

/** Units for writing an item of so many bytes. */
export function writeUnits(bytes: number): number {
  return Math.max(1, Math.ceil(bytes / WRITE_BYTES));
}

/** What the units of a transaction are told as, beside `CapacityUnits`. */
type Direction = "ReadCapacityUnits" | "WriteCapacityUnits";

/** What one table and its indexes were charged in a request. */
export class Consumption {
  #table = 0;
  readonly #locals = new Map<string, number>();
  readonly #globals = new Map<string, number>();

  addTable(units: number): void {
    this.#table += units;
  }

  addIndex(index: Pick<Index, "name" | "local">, units: number): void {
    if (units === 0) return;
    const arms = index.local ? this.#locals : this.#globals;
    arms.set(index.name, (arms.get(index.name) ?? 0) + units);
  }

  add(other: Consumption): void {
    this.#table += other.#table;
    for (const [name, units] of other.#locals) this.addIndex({ name, local: true }, units);
    for (const [name, units] of other.#globals) this.addIndex({ name, local: false }, units);
  }

  /**
   * @param mode `ReturnConsumedCapacity`; undefined is returned for none
   * @param direction of a transaction, whose units count twice
   */
  describe(
    mode: string | undefined,
    tableName: string,
    direction?: Direction | undefined,
  ): ConsumedCapacity | undefined {
    if (mode !== "TOTAL" && mode !== "INDEXES") return undefined;
    const times = direction ? 2 : 1;
    const told = (units: number) => ({
      CapacityUnits: units * times,
      ...(direction ? { [direction]: units * times } : {}),
    });
    const toldAll = (arms: ReadonlyMap<string, number>) =>
      Object.fromEntries(Array.from(arms, ([name, units]) => [name, told(units)]));
    const total = { TableName: tableName, ...told(this.#total()) };
    if (mode === "TOTAL") return total;
    return {
      ...total,
      ...(this.#table > 0 ? { Table: told(this.#table) } : {}),
      ...(this.#locals.size > 0 ? { LocalSecondaryIndexes: toldAll(this.#locals) } : {}),
      ...(this.#globals.size > 0 ? { GlobalSecondaryIndexes: toldAll(this.#globals) } : {}),
    };
  }

  #total(): number {
    let total = this.#table;
    for (const units of this.#locals.values()) total += units;
    for (const units of this.#globals.values()) total += units;
    return total;
  }
}
