import type { Output } from "../../aws/api-types.ts";
import type { SystemLogLevel } from "@aws-sdk/client-lambda";
import type { Scope } from "../../aws/scope.ts";
import { runtimeVersionArn } from "../../functions/runtimes.ts";
import { functionArn } from "./function-name.ts";
import type { VersionRecord } from "./state.ts";

export type FunctionConfiguration = Output<"lambda", "GetFunctionConfiguration">;

/** A version as every operation describes it. `$LATEST` is shown unqualified unless it was asked for by name. */
export function describeVersion(scope: Scope, record: VersionRecord, qualifier?: string): FunctionConfiguration {
  const { logging, deadLetterArn, layers, variables } = record;
  const shown = qualifier ?? (record.version === "$LATEST" ? undefined : record.version);
  return {
    FunctionName: record.name,
    FunctionArn: functionArn(scope, record.name, shown),
    Runtime: record.runtime as never,
    Role: record.role,
    Handler: record.handler,
    CodeSize: record.code.bytes,
    Description: record.description,
    Timeout: record.timeoutSeconds,
    MemorySize: record.memoryMb,
    LastModified: lambdaDate(record.lastModifiedMs),
    CodeSha256: base64Of(record.code.sha256),
    Version: record.version,
    ...(deadLetterArn === undefined ? {} : { DeadLetterConfig: { TargetArn: deadLetterArn } }),
    ...(variables === undefined ? {} : { Environment: { Variables: { ...variables } } }),
    TracingConfig: { Mode: record.tracing },
    RevisionId: record.revisionId,
    ...(layers.length === 0 ? {} : { Layers: layers.map(({ arn, bytes }) => ({ Arn: arn, CodeSize: bytes })) }),
    State: "Active",
    LastUpdateStatus: "Successful",
    PackageType: "Zip",
    Architectures: [record.architecture as never],
    EphemeralStorage: { Size: record.ephemeralStorageMb },
    SnapStart: { ApplyOn: "None", OptimizationStatus: "Off" },
    RuntimeVersionConfig: { RuntimeVersionArn: runtimeVersionArn(record.runtime, scope.region) },
    LoggingConfig: {
      LogFormat: logging.format,
      LogGroup: logging.group,
      ...(logging.format === "JSON"
        ? {
            ApplicationLogLevel: logging.applicationLevel ?? "INFO",
            SystemLogLevel: (logging.systemLevel ?? "INFO") as SystemLogLevel,
          }
        : {}),
    },
  };
}

/** A date as Lambda writes it: `2026-01-31T12:00:00.000+0000`. */
export function lambdaDate(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "+0000");
}

/** The hash as CodeSha256 shows it. */
export function base64Of(hex: string): string {
  return Buffer.from(hex, "hex").toString("base64");
}
