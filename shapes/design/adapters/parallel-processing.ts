import { RemovalPolicy } from "aws-cdk-lib";
import { ParallelProcessing, type ParallelProcessingProps } from "../../parallel-processing/construct.ts";
import { BucketSink } from "../../ports/sinks.ts";
import { type Adapter, HANDLER, NOTHING, object, tableResource, TEXT } from "../adapter.ts";

export const parallelProcessing: Adapter = {
  options: object(
    {
      handler: HANDLER,
      format: { enum: ["csv", "json", "jsonl", "objects"] },
      prefix: TEXT,
      batchSize: { type: "integer", minimum: 1 },
      concurrency: { type: "integer", minimum: 1, maximum: 10_000 },
      toleratedFailurePercentage: { type: "number", minimum: 0, maximum: 100 },
      partitionKey: TEXT,
      memorySize: { type: "integer", minimum: 128, maximum: 10_240 },
    },
    ["handler"],
  ),
  sources: { tableChanges: "TableChanges" },
  sinks: { input: "Bucket" },
  handlers: "parallel-processing/handlers",
  sample: (folder) => ({ handler: `${folder}/load-rows.ts` }),
  build(scope, id, options: Omit<ParallelProcessingProps, "timeout">, { file, isThrowaway }) {
    const construct = new ParallelProcessing(scope, id, {
      ...options,
      handler: file(options.handler),
      ...(isThrowaway ? { removalPolicy: RemovalPolicy.DESTROY } : {}),
    });
    return {
      ...NOTHING,
      construct,
      sources: { tableChanges: construct.tableChanges },
      sinks: { input: new BucketSink(construct.input, options.prefix ?? "incoming/") },
      functions: { handler: construct.handler },
      resources: { table: tableResource(construct.table) },
      outputs: { InputBucket: construct.input.bucketName, TableName: construct.table.tableName },
    };
  },
};
