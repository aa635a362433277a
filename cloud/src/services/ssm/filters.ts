import type { ParameterStringFilter } from "@aws-sdk/client-ssm";
import { NotEmulatedError } from "../../aws/error.ts";
import { invalidFilterKey, invalidFilterOption, invalidFilterValue } from "./errors.ts";
import { checkPath } from "./name.ts";
import type { ParameterRecord, VersionRecord } from "./state.ts";

const DESCRIBE_KEYS = ["Path", "Name", "Type", "KeyId", "Tier", "DataType"];
const BY_PATH_KEYS = ["Type", "KeyId", "Label"];

export type Filter = (record: ParameterRecord, version: VersionRecord) => boolean;

/**
 * Compiles the filters of DescribeParameters or GetParametersByPath; all must hold.
 * @throws AwsError InvalidFilterKey, InvalidFilterOption, InvalidFilterValue
 */
export function compileFilters(filters: readonly ParameterStringFilter[], byPath: boolean): Filter {
  const keys = byPath ? BY_PATH_KEYS : DESCRIBE_KEYS;
  const seen = new Set<string>();
  const compiled = filters.map((filter): Filter => {
    const { Key = "", Values = [] } = filter;
    const isTag = Key.startsWith("tag:") && !byPath;
    if (!isTag && !keys.includes(Key))
      throw invalidFilterKey(
        `The following filter key is not valid: ${Key}. Valid filter keys include: [${keys.join(", ")}].`,
      );
    if (seen.has(Key))
      throw invalidFilterKey(
        `The following filter is duplicated in the request: ${Key}. A request can contain only one occurrence of a specific filter.`,
      );
    seen.add(Key);
    if (Values.length === 0 && !isTag)
      throw invalidFilterValue(`The following filter values are missing : null for filter key ${Key}.`);
    return Key === "Path" ? pathFilter(filter) : valueFilter(filter, isTag);
  });
  return (record, version) => compiled.every((holds) => holds(record, version));
}

function pathFilter({ Option = "OneLevel", Values = [] }: ParameterStringFilter): Filter {
  if (Option !== "OneLevel" && Option !== "Recursive")
    throw invalidFilterOption(
      `The following filter option is not valid: ${Option}. Valid options include: [Recursive, OneLevel].`,
    );
  for (const path of Values) checkPath(path);
  return ({ name }) => Values.some((path) => isUnder(name, path, Option === "Recursive"));
}

/** Whether a parameter stands in a path: directly, or at any depth. `/` holds also those without a slash. */
export function isUnder(name: string, path: string, recursive: boolean): boolean {
  const start = path.endsWith("/") ? path : `${path}/`;
  const full = name.startsWith("/") ? name : `/${name}`;
  return full.startsWith(start) && (recursive || !full.slice(start.length).includes("/"));
}

function valueFilter({ Key = "", Option = "Equals", Values = [] }: ParameterStringFilter, isTag: boolean): Filter {
  const options = Key === "Name" ? ["BeginsWith", "Contains", "Equals"] : ["BeginsWith", "Equals"];
  if (!options.includes(Option))
    throw invalidFilterOption(
      `The following filter option is not valid: ${Option}. Valid options include: [${options.join(", ")}].`,
    );
  const matches = (text: string | undefined) =>
    text !== undefined && (Values.length === 0 || Values.some((value) => compare(Option, text, value)));
  if (isTag) return ({ tags }) => matches(tags[Key.slice("tag:".length)]);
  switch (Key) {
    case "Name":
      // AWS: the leading slash may be left out.
      return ({ name }) => matches(name) || matches(name.replace(/^\//, ""));
    case "Type":
      return ({ type }) => matches(type);
    case "KeyId":
      return (_record, { keyId }) => matches(keyId);
    case "Tier":
      return (_record, { tier }) => matches(tier);
    case "DataType":
      return (_record, { dataType }) => matches(dataType);
    case "Label":
      return ({ labels }) => Object.keys(labels).some(matches);
    default:
      throw new NotEmulatedError(`the parameter filter ${Key}`);
  }
}

function compare(option: string, text: string, value: string): boolean {
  if (option === "BeginsWith") return text.startsWith(value);
  return option === "Contains" ? text.includes(value) : text === value;
}
