/** Operations that take the ARN of a table, or of its stream. */
import { findArn } from "../../aws/arn.ts";
import { invalid, notFound } from "./errors.ts";
import type { Cx } from "./request.ts";
import { streamArnOf } from "./stream.ts";
import type { Table } from "./table.ts";

export interface NamedResource {
  readonly table: Table;
  readonly isStream: boolean;
}

/**
 * The table, or table's stream, of an ARN.
 * @throws ValidationException for what is none, ResourceNotFoundException
 */
export function getResource(cx: Cx, resourceArn: string): NamedResource {
  const parts = findArn(resourceArn);
  const [kind, name, below, ...rest] = parts?.resource.split("/") ?? [];
  if (parts?.service !== "dynamodb" || kind !== "table" || !name)
    throw invalid(`Invalid TableArn: Invalid ResourceArn provided as input ${resourceArn}`);
  const table = cx.state.findTable({ account: parts.account, region: parts.region }, name);
  if (!table) throw notFound(`: ResourcArn: ${resourceArn} not found`);
  if (below === undefined) return { table, isStream: false };
  if (below === "stream" && rest.length > 0 && streamArnOf(table) === resourceArn) return { table, isStream: true };
  throw notFound(`: ResourcArn: ${resourceArn} not found`);
}
