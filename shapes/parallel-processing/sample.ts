import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { packagePath } from "../package-path.ts";
import { ParallelProcessing, type ParallelProcessingProps } from "./construct.ts";

/** Customers out of CSV files into a table: the application that the shape's demo and tests run. */
export function buildSample(app: App, overrides: Partial<ParallelProcessingProps> = {}): Stack {
  const stack = new Stack(app, "parallel-processing", { description: "Katachi shape 4.1: customers out of CSV files" });
  const load = new ParallelProcessing(stack, "Customers", {
    handler: packagePath("parallel-processing/handlers/load-rows.ts"),
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  new CfnOutput(stack, "InputBucket", { value: load.input.bucketName });
  new CfnOutput(stack, "ResultsBucket", { value: load.results.bucketName });
  new CfnOutput(stack, "TableName", { value: load.table.tableName });
  new CfnOutput(stack, "StateMachineArn", { value: load.stateMachine.stateMachineArn });
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
