import type { ITable } from "aws-cdk-lib/aws-dynamodb";

/**
 * What happens in a shape and may set off another: the typed ends that joins are made of. One class a kind, so that the
 * compiler tells one source from another.
 */
export class TableChanges {
  readonly kind = "TableChanges";

  /** @param table a table with a stream */
  constructor(readonly table: ITable) {
    if (!table.tableStreamArn) throw new Error(`TableChanges needs a table with a stream; ${table.node.path} has none`);
  }
}
