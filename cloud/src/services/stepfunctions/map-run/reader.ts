/**
 * The items of a Map Run, one after the other, as they are read.
 * Source: Step Functions developer guide, "ItemReader (Map)".
 */
import { isObject, type Json, type JsonObject } from "../../../engines/asl/json.ts";
import type { MapRunPlan, ReaderPlan } from "../../../engines/asl/state.ts";
import { csvItems, csvRows } from "./csv.ts";
import { readerFailed } from "./failure.ts";
import { jsonItems, jsonLines } from "./json-items.ts";
import { parquetItems } from "./parquet.ts";
import type { ObjectName, Source } from "./source.ts";

export interface Item {
  readonly value: Json;
  /** Further members of the context object's `Map.Item`. */
  readonly more: JsonObject;
}

/** @throws StatesError `States.ItemReaderFailed` */
export async function* readItems(plan: MapRunPlan, source: Source): AsyncGenerator<Item> {
  const { reader, items = [], keys } = plan;
  if (!reader) {
    for (const [index, value] of items.entries())
      yield { value, more: { ...(keys ? { Key: keys[index]! } : {}), Source: "STATE_DATA" } };
    return;
  }
  let left = reader.itemsMax ?? Infinity;
  for await (const item of reader.action === "listObjectsV2" ? listed(reader, source) : ofObject(reader, source)) {
    if (left-- <= 0) return;
    yield item;
  }
}

async function* listed(reader: ReaderPlan, source: Source): AsyncGenerator<Item> {
  const { parameters } = reader;
  const bucket = String(parameters["Bucket"] ?? "");
  for await (const object of source.list(parameters)) {
    if (!reader.flattens) {
      yield { value: object, more: { Source: `S3://${bucket}` } };
      continue;
    }
    // AWS: markers of folders are no data.
    if (String(object["Key"]).endsWith("/")) continue;
    yield* contents(reader, source, { Bucket: bucket, Key: String(object["Key"]) });
  }
}

async function* ofObject(reader: ReaderPlan, source: Source): AsyncGenerator<Item> {
  const name = reader.parameters as unknown as ObjectName;
  if (reader.manifestType === "ATHENA_DATA") {
    for (const line of (await source.text(name)).split("\n"))
      if (line.trim() !== "") yield* contents(reader, source, s3Name(line.trim()));
    return;
  }
  if (reader.inputType === "MANIFEST") return yield* inventory(source, name);
  yield* contents(reader, source, name);
}

async function* contents(reader: ReaderPlan, source: Source, name: ObjectName): AsyncGenerator<Item> {
  const more = { Source: `S3://${name.Bucket}/${name.Key}` };
  for await (const value of valuesOf(reader, source, name))
    yield {
      value,
      more: reader.inputType === "JSON" && isMember(value) ? { ...more, Key: value["Key"]! } : more,
    };
}

function isMember(value: Json): value is JsonObject {
  return isObject(value) && Object.keys(value).join() === "Key,Value";
}

function valuesOf(reader: ReaderPlan, source: Source, name: ObjectName): AsyncIterable<Json> {
  switch (reader.inputType) {
    case "CSV":
      return csvItems(csvRows(source.bytes(name), reader.csvDelimiter), reader.csvHeaders);
    case "JSONL":
      return jsonLines(source.bytes(name));
    case "PARQUET":
      return parquetItems(source, name);
    default:
      return jsonItems(source.bytes(name), reader.itemsPointer ?? "");
  }
}

/** The objects that an Amazon S3 Inventory lists: rows of its CSV files, named by its schema. */
async function* inventory(source: Source, name: ObjectName): AsyncGenerator<Item> {
  let manifest: { fileFormat?: string; fileSchema?: string; destinationBucket?: string; files?: { key?: string }[] };
  try {
    manifest = JSON.parse(await source.text(name)) as typeof manifest;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw readerFailed(`The manifest is not JSON: ${error.message}`);
  }
  const { fileFormat, fileSchema = "", destinationBucket = "", files = [] } = manifest;
  if (fileFormat !== "CSV") throw readerFailed(`The inventory's format is ${String(fileFormat)}; it must be CSV.`);
  const headers = fileSchema.split(",").map((header) => header.trim());
  const Bucket = destinationBucket.replace(/^arn:[^:]*:s3:::/, "");
  for (const { key = "" } of files)
    for await (const value of csvItems(csvRows(source.bytes({ Bucket, Key: key }), ","), headers)) {
      const Source = `S3://${String(value["Bucket"] ?? Bucket)}/${String(value["Key"] ?? "")}`;
      yield { value, more: { Source } };
    }
}

function s3Name(url: string): ObjectName {
  const [, Bucket, Key] = /^s3:\/\/([^/]+)\/(.+)$/.exec(url) ?? [];
  if (Bucket === undefined || Key === undefined) throw readerFailed(`Not the address of an object: ${url}`);
  return { Bucket, Key };
}
