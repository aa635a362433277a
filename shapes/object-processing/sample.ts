import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { packagePath } from "../package-path.ts";
import { ObjectProcessing, type ObjectProcessingProps } from "./construct.ts";

/** Thumbnails of photos, and JSON of CSV files: the application that the shape's demo and tests run. */
export function buildSample(
  app: App,
  overrides: Partial<ObjectProcessingProps> = {},
  name = "object-processing",
): Stack {
  const stack = new Stack(app, name, { description: "Katachi shape 2.1: thumbnails of photos, JSON of CSV files" });
  const { input, results, processor, failures } = new ObjectProcessing(stack, "Uploads", {
    handler: packagePath("object-processing/handlers/process-object.ts"),
    prefix: "uploads/",
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  new CfnOutput(stack, "InputBucket", { value: input.bucketName });
  new CfnOutput(stack, "ResultBucket", { value: results.bucketName });
  new CfnOutput(stack, "ProcessorFunction", { value: processor.function.functionName });
  new CfnOutput(stack, "FailuresQueue", { value: failures.queueUrl });
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
