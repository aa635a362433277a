import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { ShapeFunction } from "../../function.ts";
import { FunctionSink } from "../../ports/sinks.ts";
import { Ticks } from "../../ports/sources.ts";
import { type Adapter, ENVIRONMENT, HANDLER, NOTHING, object, TEXT } from "../adapter.ts";

interface FunctionOptions {
  readonly handler: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly timeoutSeconds?: number;
  readonly memorySize?: number;
}

/** One function: what a join may end in where no shape fits. */
export const oneFunction: Adapter = {
  options: object(
    {
      handler: HANDLER,
      environment: ENVIRONMENT,
      timeoutSeconds: { type: "integer", minimum: 1, maximum: 900 },
      memorySize: { type: "integer", minimum: 128, maximum: 10_240 },
    },
    ["handler"],
  ),
  sources: {},
  sinks: { function: "Function" },
  sample: (folder) => ({ handler: `${folder}/index.ts` }),
  build(scope, id, { handler, timeoutSeconds, ...options }: FunctionOptions, { file }) {
    const construct = new ShapeFunction(scope, id, {
      ...options,
      entry: file(handler),
      ...(timeoutSeconds === undefined ? {} : { timeout: Duration.seconds(timeoutSeconds) }),
    });
    return {
      ...NOTHING,
      construct,
      sinks: { function: new FunctionSink(construct.function) },
      functions: { function: construct },
      outputs: { FunctionName: construct.function.functionName },
    };
  },
};

interface ScheduleOptions {
  readonly expression: string;
  readonly timeZone?: string;
  readonly flexibleWindowMinutes?: number;
}

/** Points in time. */
export const schedule: Adapter = {
  options: object(
    {
      expression: { type: "string", pattern: "^(cron|rate|at)\\(.+\\)$", description: "cron(…), rate(…) or at(…)" },
      timeZone: { ...TEXT, description: "IANA name, e.g. Asia/Tokyo" },
      flexibleWindowMinutes: { type: "integer", minimum: 1, maximum: 1440 },
    },
    ["expression"],
  ),
  sources: { ticks: "Ticks" },
  sinks: {},
  sample: () => ({ expression: "cron(0 21 * * ? *)", timeZone: "Asia/Tokyo" }),
  build(scope, id, options: ScheduleOptions) {
    const construct = new Construct(scope, id);
    return { ...NOTHING, construct, sources: { ticks: new Ticks(construct, options) } };
  },
};
