import type { Input, Output } from "../../../aws/api-types.ts";
import { workingAddresses } from "../../../aws/addresses.ts";
import { validationError } from "../errors.ts";
import { importersOf } from "../outputs.ts";
import { page } from "../page.ts";
import type { Cx } from "../stacks.ts";

const PAGE = 100;

export function listExports(
  cx: Cx,
  input: Input<"cloudformation", "ListExports">,
): Output<"cloudformation", "ListExports"> {
  const { account, region } = cx.scope;
  const exports = [...cx.state.exports.entries({ prefix: [account, region] })].map(([key, { stackId, value }]) => ({
    ExportingStackId: stackId,
    Name: key[2] as string,
    Value: workingAddresses(value, cx.endpoint()),
  }));
  const { items, NextToken } = page(exports, PAGE, input.NextToken);
  return { Exports: [...items], ...(NextToken && { NextToken }) };
}

export function listImports(
  cx: Cx,
  input: Input<"cloudformation", "ListImports">,
): Output<"cloudformation", "ListImports"> {
  const importers = importersOf(cx.state, cx.scope, input.ExportName!);
  if (importers.length === 0) throw validationError(`Export '${input.ExportName}' is not imported by any stack.`);
  const { items, NextToken } = page(importers, PAGE, input.NextToken);
  return { Imports: [...items], ...(NextToken && { NextToken }) };
}
