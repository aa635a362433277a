import type { Scope } from "../../aws/scope.ts";
import type { FunctionSpecification } from "../../functions/specification.ts";
import { functionArn } from "./function-name.ts";
import type { LambdaState, VersionRecord } from "./state.ts";

/** A version as what runs functions has to know it. */
export function specificationOf(state: LambdaState, scope: Scope, record: VersionRecord): FunctionSpecification {
  return state.remembered(scope, record.name, `specification ${record.version}`, () => specify(state, scope, record));
}

function specify(state: LambdaState, scope: Scope, record: VersionRecord): FunctionSpecification {
  const { name, version, code, logging } = record;
  const zip = (sha256: string) => ({ kind: "zip" as const, sha256, read: () => state.readCode(sha256) });
  const arn = functionArn(scope, name, version);
  const inspectPort = state.inspectPort(scope, name);
  return {
    arn,
    revision: inspectPort === undefined ? record.revisionId : `${record.revisionId} inspect ${inspectPort}`,
    ...(inspectPort === undefined ? {} : { inspectPort }),
    name,
    version,
    region: scope.region,
    runtime: record.runtime,
    handler: record.handler,
    memoryMb: record.memoryMb,
    timeoutMs: record.timeoutSeconds * 1000,
    variables: record.variables ?? {},
    code: code.kind === "zip" ? zip(code.sha256) : { kind: "directory", path: code.path },
    layers: record.layers.map((layer) => zip(layer.sha256)),
    logging: {
      group: logging.group,
      format: logging.format,
      applicationLevel: logging.applicationLevel ?? "INFO",
      systemLevel: logging.systemLevel ?? "INFO",
    },
    credentials: async () =>
      (await state.running.roles.assume(scope, name, record.role, functionArn(scope, name))).credentials,
  };
}
