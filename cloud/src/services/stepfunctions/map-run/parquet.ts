/** Rows of Parquet files, one row group after the other. */
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import type { Json, JsonObject } from "../../../engines/asl/json.ts";
import { readerFailed } from "./failure.ts";
import type { ObjectName, Source } from "./source.ts";

/** @throws StatesError `States.ItemReaderFailed` */
export async function* parquetItems(source: Source, name: ObjectName): AsyncGenerator<JsonObject> {
  // Loaded when a Parquet file is first read.
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const byteLength = await source.size(name);
  const file = {
    byteLength,
    slice: (start: number, end: number = byteLength) =>
      source.slice(name, start < 0 ? byteLength + start : start, Math.min(end, byteLength)),
  };
  const compressors = {
    GZIP: (bytes: Uint8Array) => new Uint8Array(gunzipSync(bytes)),
    BROTLI: (bytes: Uint8Array) => new Uint8Array(brotliDecompressSync(bytes)),
  };
  try {
    const metadata = await parquetMetadataAsync(file);
    let rowStart = 0;
    for (const group of metadata.row_groups) {
      const rowEnd = rowStart + Number(group.num_rows);
      const rows = await parquetReadObjects({ file, metadata, rowStart, rowEnd, compressors });
      for (const row of rows) yield plain(row) as JsonObject;
      rowStart = rowEnd;
    }
  } catch (error) {
    if ((error as { error?: string }).error !== undefined) throw error;
    throw readerFailed(`Attempting to read the Parquet file failed: ${(error as Error).message}`);
  }
}

function plain(value: unknown): Json {
  if (typeof value === "bigint") return Number(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, plain(item)]));
  return (value ?? null) as Json;
}
