import type { Parameter, ParameterInlinePolicy } from "@aws-sdk/client-ssm";
import { NotEmulatedError } from "../../../aws/error.ts";
import type { Operations } from "../../../service.ts";
import { notFound, versionNotFound } from "../errors.ts";
import { compileFilters, isUnder } from "../filters.ts";
import { checkPath, parameterArn, parseSelected } from "../name.ts";
import { page } from "../page.ts";
import { unseal } from "../secret.ts";
import {
  findParameter,
  findVersion,
  isExpired,
  parametersUnder,
  versionsOf,
  type Cx,
  type ParameterRecord,
  type SsmState,
  type VersionRecord,
} from "../state.ts";

const BY_PATH_DEFAULT = 10;
const DESCRIBE_DEFAULT = 50;
const HISTORY_DEFAULT = 50;

function valueOf(cx: Cx, record: ParameterRecord, version: VersionRecord, decrypt: boolean): string {
  if (record.type !== "SecureString" || !decrypt) return version.value;
  return unseal(cx, parameterArn(cx.scope, record.name), version.value);
}

function detail(cx: Cx, record: ParameterRecord, version: VersionRecord, decrypt: boolean, selector = ""): Parameter {
  return {
    Name: record.name,
    Type: record.type,
    Value: valueOf(cx, record, version, decrypt),
    Version: version.version,
    ...(selector === "" ? {} : { Selector: selector }),
    LastModifiedDate: new Date(version.modifiedMs),
    ARN: parameterArn(cx.scope, record.name),
    DataType: version.dataType,
  };
}

/** The version that a selector means. @throws AwsError ParameterVersionNotFound */
function select(cx: Cx, record: ParameterRecord, selector: string): VersionRecord {
  const wanted = selector.slice(1);
  const isNumber = /^\d+$/.test(wanted);
  const number = selector === "" ? record.version : isNumber ? Number(wanted) : record.labels[wanted];
  const version = number === undefined ? undefined : findVersion(cx, record.name, number);
  if (version) return version;
  const what = isNumber ? "version" : "label";
  throw versionNotFound(
    `Systems Manager could not find ${what} ${wanted} of ${record.name}. Verify the ${what} and try again.`,
  );
}

/** Undefined where there is no such parameter or version. */
function findSelected(cx: Cx, given: string, decrypt: boolean): Parameter | undefined {
  const { name, selector } = parseSelected(cx.scope, given);
  const record = findParameter(cx, name);
  try {
    return record && detail(cx, record, select(cx, record, selector), decrypt, selector);
  } catch {
    return undefined;
  }
}

function current(cx: Cx, record: ParameterRecord): VersionRecord {
  return findVersion(cx, record.name, record.version)!;
}

function inlinePolicies({ policies }: VersionRecord): ParameterInlinePolicy[] {
  const listed = JSON.parse(policies ?? "[]") as { Type: string }[];
  return listed.map((policy) => ({
    PolicyText: JSON.stringify(policy),
    PolicyType: policy.Type,
    PolicyStatus: "Pending",
  }));
}

function metadata(record: ParameterRecord, version: VersionRecord) {
  return {
    Name: record.name,
    Type: record.type,
    KeyId: version.keyId,
    LastModifiedDate: new Date(version.modifiedMs),
    LastModifiedUser: version.modifiedBy,
    Description: version.description,
    AllowedPattern: version.allowedPattern,
    Version: version.version,
    Tier: version.tier,
    Policies: inlinePolicies(version),
    DataType: version.dataType,
  };
}

export const read = {
  GetParameter(cx, { Name = "", WithDecryption = false }) {
    const { name, selector } = parseSelected(cx.scope, Name);
    const record = findParameter(cx, name);
    if (!record) throw notFound();
    return { Parameter: detail(cx, record, select(cx, record, selector), WithDecryption, selector) };
  },

  GetParameters(cx, { Names = [], WithDecryption = false }) {
    const found = new Map([...new Set(Names)].map((name) => [name, findSelected(cx, name, WithDecryption)]));
    return {
      Parameters: [...found.values()].filter((parameter) => parameter !== undefined),
      InvalidParameters: [...found.keys()].filter((name) => found.get(name) === undefined),
    };
  },

  GetParametersByPath(cx, input) {
    const { Path = "", Recursive = false, WithDecryption = false, ParameterFilters = [], NextToken } = input;
    checkPath(Path);
    const filter = compileFilters(ParameterFilters, true);
    const found = Array.from(parametersUnder(cx, Path)).filter(
      (record) => isUnder(record.name, Path, Recursive) && filter(record, current(cx, record)),
    );
    const { shown, ...paging } = page(found, ({ name }) => name, {
      NextToken,
      limit: input.MaxResults ?? BY_PATH_DEFAULT,
    });
    return { Parameters: shown.map((record) => detail(cx, record, current(cx, record), WithDecryption)), ...paging };
  },

  DescribeParameters(cx, input) {
    const { Filters, ParameterFilters = [], Shared = false, NextToken, MaxResults = DESCRIBE_DEFAULT } = input;
    if (Filters !== undefined && Filters.length > 0)
      throw new NotEmulatedError("the outdated member Filters of DescribeParameters");
    if (Shared) throw new NotEmulatedError("shared parameters");
    const filter = compileFilters(ParameterFilters, false);
    const { account, region } = cx.scope;
    const all = Array.from(cx.state.parameters.values({ prefix: [account, region] })).filter(
      (record) => !isExpired(cx, record),
    );
    const found = all.filter((record) => filter(record, current(cx, record)));
    const { shown, ...paging } = page(found, ({ name }) => name, { NextToken, limit: MaxResults });
    const Parameters = shown.map((record) => ({
      ARN: parameterArn(cx.scope, record.name),
      ...metadata(record, current(cx, record)),
    }));
    return { Parameters, ...paging };
  },

  GetParameterHistory(cx, { Name = "", WithDecryption = false, MaxResults = HISTORY_DEFAULT, NextToken }) {
    const record = findParameter(cx, Name);
    if (!record) throw notFound();
    const inOrder = ({ version }: VersionRecord) => String(version).padStart(16, "0");
    const { shown, ...paging } = page(versionsOf(cx, Name), inOrder, { NextToken, limit: MaxResults });
    const Parameters = shown.map((version) => ({
      ...metadata(record, version),
      Value: valueOf(cx, record, version, WithDecryption),
      Labels: Object.keys(record.labels).filter((label) => record.labels[label] === version.version),
    }));
    return { Parameters, ...paging };
  },
} satisfies Operations<"ssm", SsmState>;
