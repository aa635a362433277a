import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { ACCOUNT_CONCURRENCY, UNRESERVED_MIN } from "../concurrency.ts";
import { lambdaDate } from "../configuration.ts";
import { AwsError } from "../../../aws/error.ts";
import { invalidParameter } from "../errors.ts";
import { getAlias, getFunction, getVersion, isNumber } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn } from "../function-name.ts";
import { specificationOf } from "../function-specification.ts";
import { reservedOfAll } from "../invocation.ts";
import { page } from "../page.ts";
import { UNPACKED_BYTES_MAX } from "../../../functions/task-directory.ts";
import { scopeKey, type LambdaState, type ProvisionedRecord } from "../state.ts";

type Cx = CallContext<LambdaState>;

const LIST_MAX = 50;
const CODE_BYTES_MAX = 80_530_636_800;
const ZIPPED_BYTES_MAX = 52_428_800;

export function putFunctionConcurrency(
  cx: Cx,
  input: Input<"lambda", "PutFunctionConcurrency">,
): Output<"lambda", "PutFunctionConcurrency"> {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope } = cx;
  const record = getFunction(state, { scope, name, qualifier: undefined });
  const wanted = input.ReservedConcurrentExecutions!;
  const others = reservedOfAll(state, scope) - (record.reservedConcurrency ?? 0);
  if (ACCOUNT_CONCURRENCY - others - wanted < UNRESERVED_MIN)
    throw invalidParameter(
      `Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its minimum value of [${UNRESERVED_MIN}].`,
    );
  state.functions.put([...scopeKey(scope), name], { ...record, reservedConcurrency: wanted });
  return { ReservedConcurrentExecutions: wanted };
}

export function getFunctionConcurrency(
  cx: Cx,
  input: Input<"lambda", "GetFunctionConcurrency">,
): Output<"lambda", "GetFunctionConcurrency"> {
  const name = nameOf(cx, input.FunctionName!);
  const { reservedConcurrency } = getFunction(cx.state, { scope: cx.scope, name, qualifier: undefined });
  return reservedConcurrency === undefined ? {} : { ReservedConcurrentExecutions: reservedConcurrency };
}

export function deleteFunctionConcurrency(
  cx: Cx,
  input: Input<"lambda", "DeleteFunctionConcurrency">,
): Record<string, never> {
  const name = nameOf(cx, input.FunctionName!);
  const { reservedConcurrency: _, ...rest } = getFunction(cx.state, { scope: cx.scope, name, qualifier: undefined });
  cx.state.functions.put([...scopeKey(cx.scope), name], rest);
  return {};
}

export function getAccountSettings({ state, scope }: Cx): Output<"lambda", "GetAccountSettings"> {
  let bytes = 0;
  let count = 0;
  for (const { latest } of state.functions.values({ prefix: scopeKey(scope) })) {
    count++;
    bytes += latest.code.bytes;
  }
  return {
    AccountLimit: {
      TotalCodeSize: CODE_BYTES_MAX,
      CodeSizeUnzipped: UNPACKED_BYTES_MAX,
      CodeSizeZipped: ZIPPED_BYTES_MAX,
      ConcurrentExecutions: ACCOUNT_CONCURRENCY,
      UnreservedConcurrentExecutions: ACCOUNT_CONCURRENCY - reservedOfAll(state, scope),
    },
    AccountUsage: { TotalCodeSize: bytes, FunctionCount: count },
  };
}

export async function putProvisionedConcurrency(
  cx: Cx,
  input: Input<"lambda", "PutProvisionedConcurrencyConfig">,
): Promise<Output<"lambda", "PutProvisionedConcurrencyConfig">> {
  const { state, scope, kernel } = cx;
  const name = nameOf(cx, input.FunctionName!);
  const qualifier = input.Qualifier!;
  if (qualifier === "$LATEST")
    throw invalidParameter("Provisioned Concurrency Configs cannot be applied to unpublished function versions.");
  const version = getVersion(state, { scope, name, qualifier });
  if (version.version === "$LATEST")
    throw invalidParameter(
      "Alias can not be used for Provisioned Concurrency configuration on an already Provisioned version",
    );
  const record: ProvisionedRecord = {
    requested: input.ProvisionedConcurrentExecutions!,
    allocated: 0,
    status: "IN_PROGRESS",
    lastModifiedMs: kernel.clock.now(),
  };
  const key = [...scopeKey(scope), name, qualifier];
  kernel.store.transaction(() => state.provisioned.put(key, record));
  void kernel.activity.during("lambda provisioning", () => provision(state, scope, name, qualifier));
  return describe(record);
}

/** Starts the environments of a configuration and notes how it went. */
export async function provision(
  state: LambdaState,
  scope: Cx["scope"],
  name: string,
  qualifier: string,
): Promise<void> {
  const key = [...scopeKey(scope), name, qualifier];
  const wanted = state.provisioned.get(key);
  if (!wanted) return;
  const specification = specificationOf(state, scope, getVersion(state, { scope, name, qualifier }));
  const { ready, failure } = await state.running.host.provision(specification, wanted.requested);
  state.kernel.store.transaction(() => {
    const record = state.provisioned.get(key);
    if (!record) return;
    state.provisioned.put(key, {
      ...record,
      allocated: ready,
      status: failure ? "FAILED" : "READY",
      ...(failure ? { reason: `FUNCTION_ERROR_INIT_FAILURE: ${failure.error.errorMessage}` } : {}),
    });
  });
}

export function getProvisionedConcurrency(
  cx: Cx,
  input: Input<"lambda", "GetProvisionedConcurrencyConfig">,
): Output<"lambda", "GetProvisionedConcurrencyConfig"> {
  const { name, qualifier } = provisionedReference(cx, input);
  const record = cx.state.provisioned.get([...scopeKey(cx.scope), name, qualifier]);
  if (!record) throw noProvisioned(functionArn(cx.scope, name, qualifier));
  return describe(record);
}

export async function deleteProvisionedConcurrency(
  cx: Cx,
  input: Input<"lambda", "DeleteProvisionedConcurrencyConfig">,
): Promise<Record<string, never>> {
  const { state, scope, kernel } = cx;
  const { name, qualifier } = provisionedReference(cx, input);
  kernel.store.transaction(() => state.provisioned.remove([...scopeKey(scope), name, qualifier]));
  const version = getVersion(state, { scope, name, qualifier });
  await state.running.host.provision(specificationOf(state, scope, version), 0);
  return {};
}

export function listProvisionedConcurrency(
  cx: Cx,
  input: Input<"lambda", "ListProvisionedConcurrencyConfigs">,
): Output<"lambda", "ListProvisionedConcurrencyConfigs"> {
  const name = nameOf(cx, input.FunctionName!);
  const { state, scope } = cx;
  getFunction(state, { scope, name, qualifier: undefined });
  const all = [...state.provisioned.entries({ prefix: [...scopeKey(scope), name] })].map(([key, record]) => ({
    qualifier: String(key[3]),
    record,
  }));
  const { items, next } = page(
    all,
    ({ qualifier }) => qualifier,
    input.Marker,
    Math.min(input.MaxItems ?? LIST_MAX, LIST_MAX),
  );
  return {
    ProvisionedConcurrencyConfigs: items.map(({ qualifier, record }) => ({
      FunctionArn: functionArn(scope, name, qualifier),
      ...describe(record),
    })),
    ...(next === undefined ? {} : { NextMarker: next }),
  };
}

function provisionedReference(cx: Cx, input: { FunctionName: string | undefined; Qualifier: string | undefined }) {
  const name = nameOf(cx, input.FunctionName!);
  const qualifier = input.Qualifier!;
  if (isNumber(qualifier)) getVersion(cx.state, { scope: cx.scope, name, qualifier });
  else getAlias(cx.state, cx.scope, name, qualifier);
  return { name, qualifier };
}

function noProvisioned(arn: string): AwsError {
  return new AwsError(
    "ProvisionedConcurrencyConfigNotFoundException",
    `No Provisioned Concurrency Config found for this function: ${arn}`,
    {
      status: 404,
      members: { Type: "User" },
    },
  );
}

function describe({ requested, allocated, status, reason, lastModifiedMs }: ProvisionedRecord) {
  return {
    RequestedProvisionedConcurrentExecutions: requested,
    AvailableProvisionedConcurrentExecutions: allocated,
    AllocatedProvisionedConcurrentExecutions: allocated,
    Status: status,
    ...(reason === undefined ? {} : { StatusReason: reason }),
    LastModified: lambdaDate(lastModifiedMs),
  };
}

function nameOf({ scope }: Cx, text: string): string {
  const reference = readFunctionName(scope, text);
  requireOwn(scope, reference);
  return reference.name;
}
