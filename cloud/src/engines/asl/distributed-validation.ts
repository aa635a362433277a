/** What may be wrong with the fields of a distributed Map. Source: "ItemReader (Map)", "ItemBatcher (Map)", "ResultWriter (Map)". */
import { isObject, type Json, type JsonObject } from "./json.ts";

export interface Problem {
  readonly message: string;
  /** Below the state, e.g. `/ItemReader/Resource`. */
  readonly field: string;
}

const ONLY_DISTRIBUTED = [
  "ItemReader",
  "ItemBatcher",
  "ResultWriter",
  "Label",
  "ToleratedFailureCount",
  "ToleratedFailureCountPath",
  "ToleratedFailurePercentage",
  "ToleratedFailurePercentagePath",
];
const LABEL = /^[^\s?*<>{}[\]:;,\\|^~$#%&`"]{1,40}$/;
const ONE_OF: Readonly<Record<string, readonly string[]>> = {
  InputType: ["CSV", "JSON", "JSONL", "PARQUET", "MANIFEST"],
  CSVHeaderLocation: ["FIRST_ROW", "GIVEN"],
  CSVDelimiter: ["COMMA", "PIPE", "SEMICOLON", "SPACE", "TAB"],
  ManifestType: ["ATHENA_DATA", "S3_INVENTORY"],
  Transformation: ["NONE", "LOAD_AND_FLATTEN"],
};
const READER = ["CSVHeaders", "MaxItems", "MaxItemsPath", "ItemsPointer", ...Object.keys(ONE_OF)];
const BATCHER = [
  "MaxItemsPerBatch",
  "MaxItemsPerBatchPath",
  "MaxInputBytesPerBatch",
  "MaxInputBytesPerBatchPath",
  "BatchInput",
];

/** @param language the state's query language */
export function distributedProblems(state: JsonObject, language: string): Problem[] {
  const processor = state["ItemProcessor"] ?? state["Iterator"];
  const config = isObject(processor) ? processor["ProcessorConfig"] : undefined;
  const mode = isObject(config) ? (config["Mode"] ?? "INLINE") : "INLINE";
  if (mode !== "DISTRIBUTED")
    return ONLY_DISTRIBUTED.filter((field) => field in state).map((field) => ({
      message: `Field is only supported when the Map state's mode is DISTRIBUTED`,
      field: `/${field}`,
    }));
  const found = new Problems();
  if (isObject(config) && !["STANDARD", "EXPRESS"].includes(String(config["ExecutionType"])))
    found.add(
      "Value must be one of the following: [STANDARD, EXPRESS]",
      "/ItemProcessor/ProcessorConfig/ExecutionType",
    );
  const { Label } = state;
  if (Label !== undefined && !LABEL.test(String(Label)))
    found.add("Label must be 1 to 40 characters long and must not contain special characters", "/Label");
  if (state["ItemReader"] !== undefined) reader(state["ItemReader"], language, found);
  if (state["ItemBatcher"] !== undefined) batcher(state["ItemBatcher"], found);
  if (state["ResultWriter"] !== undefined) writer(state["ResultWriter"], language, found);
  return found.list;
}

class Problems {
  readonly list: Problem[] = [];

  add(message: string, field: string): void {
    this.list.push({ message, field });
  }

  known(value: JsonObject, names: readonly string[], at: string): void {
    for (const name of Object.keys(value))
      if (!names.includes(name)) this.add("Field is not supported", `${at}/${name}`);
  }
}

function reader(value: Json, language: string, found: Problems): void {
  if (!isObject(value)) return found.add("Expected value of type Object", "/ItemReader");
  const given = language === "JSONata" ? "Arguments" : "Parameters";
  found.known(value, ["Resource", "ReaderConfig", given], "/ItemReader");
  const { Resource, ReaderConfig = {} } = value;
  const lists = Resource === "arn:aws:states:::s3:listObjectsV2";
  if (!lists && Resource !== "arn:aws:states:::s3:getObject")
    found.add(
      "Value must be one of the following: [arn:aws:states:::s3:getObject, arn:aws:states:::s3:listObjectsV2]",
      "/ItemReader/Resource",
    );
  if (!isObject(ReaderConfig)) return found.add("Expected value of type Object", "/ItemReader/ReaderConfig");
  const at = "/ItemReader/ReaderConfig";
  found.known(ReaderConfig, READER, at);
  for (const [name, values] of Object.entries(ONE_OF)) {
    const one = ReaderConfig[name];
    if (one !== undefined && !values.includes(String(one)))
      found.add(`Value must be one of the following: [${values.join(", ")}]`, `${at}/${name}`);
  }
  const { InputType, CSVHeaderLocation, CSVHeaders, ManifestType, Transformation, ItemsPointer } = ReaderConfig;
  const lacks = (field: string): void => found.add(`These fields are required: [${field}]`, at);
  if (!lists && InputType === undefined && ManifestType !== "S3_INVENTORY") lacks("InputType");
  if (InputType === "CSV" && CSVHeaderLocation === undefined) lacks("CSVHeaderLocation");
  if (CSVHeaderLocation === "GIVEN" && !Array.isArray(CSVHeaders)) lacks("CSVHeaders");
  if (lists && Transformation === "LOAD_AND_FLATTEN" && InputType === undefined) lacks("InputType");
  if (!lists && Transformation !== undefined)
    found.add("Field is only supported for listObjectsV2", `${at}/Transformation`);
  if (ManifestType === "ATHENA_DATA" && !["CSV", "JSONL", "PARQUET"].includes(String(InputType)))
    found.add("InputType must be CSV, JSONL or PARQUET when ManifestType is ATHENA_DATA", `${at}/InputType`);
  if (ItemsPointer !== undefined && (InputType !== "JSON" || !/^(\/|$)/.test(String(ItemsPointer))))
    found.add(
      "ItemsPointer must be a JSON Pointer, and is only supported when InputType is JSON",
      `${at}/ItemsPointer`,
    );
}

function batcher(value: Json, found: Problems): void {
  if (!isObject(value)) return found.add("Expected value of type Object", "/ItemBatcher");
  found.known(value, [...BATCHER, "BatchInput.$"], "/ItemBatcher");
  if (!BATCHER.slice(0, 4).some((name) => name in value))
    found.add(`One of the following fields is required: [${BATCHER.slice(0, 4).join(", ")}]`, "/ItemBatcher");
}

function writer(value: Json, language: string, found: Problems): void {
  if (!isObject(value)) return found.add("Expected value of type Object", "/ResultWriter");
  const given = language === "JSONata" ? "Arguments" : "Parameters";
  found.known(value, ["Resource", "WriterConfig", given], "/ResultWriter");
  const { Resource, WriterConfig } = value;
  if (Resource === undefined && WriterConfig === undefined)
    found.add("One of the following fields is required: [Resource, WriterConfig]", "/ResultWriter");
  if (Resource !== undefined && Resource !== "arn:aws:states:::s3:putObject")
    found.add("Value must be one of the following: [arn:aws:states:::s3:putObject]", "/ResultWriter/Resource");
  if (!isObject(WriterConfig)) return;
  found.known(WriterConfig, ["Transformation", "OutputType"], "/ResultWriter/WriterConfig");
  if (!["NONE", "COMPACT", "FLATTEN"].includes(String(WriterConfig["Transformation"])))
    found.add(
      "Value must be one of the following: [NONE, COMPACT, FLATTEN]",
      "/ResultWriter/WriterConfig/Transformation",
    );
  if (!["JSON", "JSONL"].includes(String(WriterConfig["OutputType"] ?? "JSON")))
    found.add("Value must be one of the following: [JSON, JSONL]", "/ResultWriter/WriterConfig/OutputType");
}
