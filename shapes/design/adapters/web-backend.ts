import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { WebBackend, type WebBackendIndex, type WebBackendRoute } from "../../web-backend/construct.ts";
import { type Adapter, ENVIRONMENT, HANDLER, NOTHING, object, tableResource, TEXT } from "../adapter.ts";

interface Options {
  readonly routes: Readonly<Record<string, string | (Omit<WebBackendRoute, "timeout"> & { timeoutSeconds?: number })>>;
  readonly partitionKey?: string;
  readonly sortKey?: string;
  readonly indexes?: readonly WebBackendIndex[];
  readonly timeToLiveAttribute?: string;
  readonly corsOrigins?: readonly string[];
  readonly rateLimit?: number;
  readonly burstLimit?: number;
}

const ROUTE = object(
  {
    entry: HANDLER,
    access: { enum: ["none", "read", "write", "readWrite"] },
    timeoutSeconds: { type: "integer", minimum: 1, maximum: 29 },
    memorySize: { type: "integer", minimum: 128, maximum: 10_240 },
    environment: ENVIRONMENT,
  },
  ["entry"],
);

export const webBackend: Adapter = {
  options: object(
    {
      routes: { type: "object", minProperties: 1, additionalProperties: { anyOf: [HANDLER, ROUTE] } },
      partitionKey: TEXT,
      sortKey: TEXT,
      indexes: {
        type: "array",
        items: object({ name: TEXT, partitionKey: TEXT, sortKey: TEXT }, ["name", "partitionKey"]),
      },
      timeToLiveAttribute: TEXT,
      corsOrigins: { type: "array", minItems: 1, items: TEXT },
      rateLimit: { type: "number", exclusiveMinimum: 0 },
      burstLimit: { type: "number", exclusiveMinimum: 0 },
    },
    ["routes"],
  ),
  sources: { tableChanges: "TableChanges" },
  sinks: { table: "Table" },
  handlers: "web-backend/handlers",
  sample: (folder) => ({
    routes: {
      "POST /orders": `${folder}/create-order.ts`,
      "GET /orders": `${folder}/list-orders.ts`,
      "GET /orders/{id}": `${folder}/get-order.ts`,
      "PATCH /orders/{id}": `${folder}/update-order.ts`,
    },
    indexes: [{ name: "byStatus", partitionKey: "status", sortKey: "createdAt" }],
  }),
  build(scope, id, options: Options, { file, isThrowaway }) {
    const routes = Object.entries(options.routes).map(([key, given]) => {
      const { entry, timeoutSeconds, ...route } = typeof given === "string" ? { entry: given } : given;
      const timeout = timeoutSeconds === undefined ? {} : { timeout: Duration.seconds(timeoutSeconds) };
      return [key, { ...route, entry: file(entry), ...timeout }];
    });
    const construct = new WebBackend(scope, id, {
      ...options,
      routes: Object.fromEntries(routes) as Record<string, WebBackendRoute>,
      ...(isThrowaway ? { removalPolicy: RemovalPolicy.DESTROY } : {}),
    });
    return {
      ...NOTHING,
      construct,
      sources: { tableChanges: construct.tableChanges },
      sinks: { table: construct.tableItems },
      functions: construct.functions,
      resources: {
        table: tableResource(
          construct.table,
          (options.indexes ?? []).map(({ name }) => name),
        ),
      },
      outputs: { Url: construct.url, TableName: construct.table.tableName },
    };
  },
};
