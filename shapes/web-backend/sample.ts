import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, Stack } from "aws-cdk-lib";
import { packagePath } from "../package-path.ts";
import { WebBackend, type WebBackendProps } from "./construct.ts";

const handler = (name: string) => packagePath(`web-backend/handlers/${name}.ts`);

/** An order form: the application that the shape's demo and tests run. */
export function buildSample(app: App, overrides: Partial<WebBackendProps> = {}): Stack {
  const stack = new Stack(app, "web-backend", { description: "Katachi shape 1.1: an order form" });
  const backend = new WebBackend(stack, "Orders", {
    routes: {
      "POST /orders": handler("create-order"),
      "GET /orders": handler("list-orders"),
      "GET /orders/{id}": handler("get-order"),
      "PATCH /orders/{id}": handler("update-order"),
    },
    indexes: [{ name: "byStatus", partitionKey: "status", sortKey: "createdAt" }],
    corsOrigins: ["*"],
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  new CfnOutput(stack, "Url", { value: backend.url });
  new CfnOutput(stack, "TableName", { value: backend.table.tableName });
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
