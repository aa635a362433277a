import type { KeySchemaElement } from "@aws-sdk/client-dynamodb";
import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import type { IndexRecord, TableRecord } from "./state.ts";

export type KeyType = "S" | "N" | "B";

/** An attribute that is part of a key. */
export interface KeyAttribute {
  readonly name: string;
  readonly type: KeyType;
}

/** The key of a table or index: what its entries are spread by and, within that, sorted by. */
export interface KeySchema {
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
}

/** An index, with what is asked of it for each item. */
export interface Index extends KeySchema {
  readonly number: number;
  readonly name: string;
  readonly local: boolean;
  readonly record: IndexRecord;
  /** The attributes that its entries hold; undefined: all of them. */
  readonly attributes: ReadonlySet<string> | undefined;
}

/** A table, with what is asked of it for each request. Not changed once made. */
export class Table implements KeySchema {
  readonly arn: string;
  readonly number: number;
  readonly partition: readonly KeyAttribute[];
  readonly sort: readonly KeyAttribute[];
  /** Partition key, then sort key. */
  readonly key: readonly KeyAttribute[];
  /** In the order of their names, as AWS checks them. */
  readonly indexes: readonly Index[];
  readonly streamArn: string | undefined;
  /** Whether a write has to know what was there before. */
  readonly needsOld: boolean;

  constructor(
    readonly scope: Scope,
    readonly record: TableRecord,
  ) {
    const { keys, indexes, stream, expiry } = record;
    this.arn = tableArn(scope, record.name);
    this.number = record.number;
    this.partition = this.#attributes(keys, "HASH");
    this.sort = this.#attributes(keys, "RANGE");
    this.key = [...this.partition, ...this.sort];
    this.indexes = indexes.map((index) => this.#index(index)).sort((a, b) => (a.name < b.name ? -1 : 1));
    this.streamArn = stream?.enabled ? `${this.arn}/stream/${stream.label}` : undefined;
    this.needsOld = indexes.length > 0 || this.streamArn !== undefined || expiry?.enabled === true;
  }

  get name(): string {
    return this.record.name;
  }

  /** Attribute by which the clock removes items. */
  get expiryAttribute(): string | undefined {
    return this.record.expiry?.enabled ? this.record.expiry.attribute : undefined;
  }

  findIndex(name: string): Index | undefined {
    return this.indexes.find((index) => index.name === name);
  }

  isKey(attribute: string): boolean {
    return this.key.some(({ name }) => name === attribute);
  }

  #index(record: IndexRecord): Index {
    const partition = this.#attributes(record.keys, "HASH");
    const sort = this.#attributes(record.keys, "RANGE");
    const { ProjectionType, NonKeyAttributes = [] } = record.projection;
    const keyNames = [...this.key, ...partition, ...sort].map(({ name }) => name);
    return {
      number: record.number,
      name: record.name,
      local: record.kind === "local",
      record,
      partition,
      sort,
      attributes: ProjectionType === "ALL" ? undefined : new Set([...keyNames, ...NonKeyAttributes]),
    };
  }

  #attributes(keys: readonly KeySchemaElement[], keyType: "HASH" | "RANGE"): KeyAttribute[] {
    return keys.flatMap(({ AttributeName: name, KeyType }) => {
      const definition = this.record.attributes.find(({ AttributeName }) => AttributeName === name);
      return KeyType === keyType ? [{ name: name!, type: definition!.AttributeType as KeyType }] : [];
    });
  }
}

export function tableArn(scope: Scope, name: string): string {
  return arn("dynamodb", scope, `table/${name}`);
}

export function indexArn(table: Table, index: string): string {
  return `${table.arn}/index/${index}`;
}

/** What a request says of its table: a name, or an ARN, which may be another account's. */
export interface TableReference {
  readonly scope: Scope;
  readonly name: string;
}

/** Takes a `TableName` apart. A name that is none comes back as it is. */
export function referenceOf(scope: Scope, tableName: string): TableReference {
  const parts = tableName.startsWith("arn:") ? findArn(tableName) : undefined;
  if (!parts?.resource.startsWith("table/")) return { scope, name: tableName };
  return {
    scope: { account: parts.account, region: parts.region },
    name: parts.resource.slice("table/".length).split("/")[0]!,
  };
}
