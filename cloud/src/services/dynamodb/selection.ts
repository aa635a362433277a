/** Which attributes a Query or Scan answers. */
import { attributesRead, type BoundCondition } from "../../engines/dynamodb-expressions/condition.ts";
import type { Projection } from "../../engines/dynamodb-expressions/projection.ts";
import { invalid, invalidParameter } from "./errors.ts";
import type { Index } from "./table.ts";

export interface SelectParameters {
  readonly Select?: string | undefined;
  readonly IndexName?: string | undefined;
  readonly AttributesToGet?: readonly string[] | undefined;
  readonly ProjectionExpression?: string | undefined;
}

/** @throws ValidationException where `Select` and the projection contradict each other */
export function checkSelect(input: SelectParameters): void {
  const { Select: select, AttributesToGet, ProjectionExpression } = input;
  if (select === undefined) return;
  const given = AttributesToGet
    ? "AttributesToGet"
    : ProjectionExpression === undefined
      ? undefined
      : "ProjectionExpression";
  if (select === "SPECIFIC_ATTRIBUTES" && given === undefined)
    throw invalid("Must specify the AttributesToGet or ProjectionExpression when choosing to get SPECIFIC_ATTRIBUTES");
  if (select !== "SPECIFIC_ATTRIBUTES" && given !== undefined)
    throw invalid(`Cannot specify the ${given} when choosing to get ${select === "COUNT" ? "only the Count" : select}`);
  if (select === "ALL_PROJECTED_ATTRIBUTES" && input.IndexName === undefined)
    throw invalid("ALL_PROJECTED_ATTRIBUTES can be used only when Querying using an IndexName");
}

/** @throws ValidationException where a global index is asked for what it does not hold */
export function checkIndexSelect(index: Index | undefined, select: string | undefined): void {
  if (index?.attributes && !index.local && select === "ALL_ATTRIBUTES")
    throw invalidParameter(
      "Select type ALL_ATTRIBUTES is not supported for global secondary index " +
        `${index.name} because its projection type is not ALL`,
    );
}

/** @throws ValidationException as above, for single attributes */
export function checkIndexProjection(index: Index | undefined, projection: Projection | undefined): void {
  if (!index || index.local) return;
  const missing = unprojected(index, projection?.paths ?? []);
  if (missing.length > 0)
    throw invalidParameter(`Global secondary index ${index.name} does not project [${missing.join(", ")}]`);
}

/** Whether a local index has to go back to its table for what is asked of it. */
export function needsFetch(
  index: Index | undefined,
  select: string | undefined,
  projection: Projection | undefined,
  filter: BoundCondition | undefined,
): boolean {
  if (!index?.local || !index.attributes) return false;
  if (select === "ALL_ATTRIBUTES") return true;
  const read = [...(projection?.paths ?? []), ...(filter ? attributesRead(filter) : [])];
  return unprojected(index, read).length > 0;
}

/** The attributes that paths begin with and the index does not hold. */
export function unprojected(index: Index, paths: Iterable<readonly (string | number)[]>): string[] {
  const missing = new Set<string>();
  if (index.attributes)
    for (const [head] of paths) if (!index.attributes.has(head as string)) missing.add(head as string);
  return [...missing];
}
