/** Time to live, point-in-time recovery, limits and endpoints. */
import type { Input, Output } from "../../../aws/api-types.ts";
import { backedUpTableNotFound, invalid, tableNotFound } from "../errors.ts";
import { forgetExpiries, noteAllExpiries } from "../expiry.ts";
import { referTo, type Cx } from "../request.ts";
import type { Table } from "../table.ts";

const RECOVERY_DAYS = 35;
const DAY_MS = 86_400_000;
/** AWS: the latest time that a table can be restored to is "typically five minutes before the current time". */
const RECOVERY_LAG_MS = 5 * 60_000;
/** AWS: default quotas of an account and of one table. */
const UNITS_MAX = 80_000;
const TABLE_UNITS_MAX = 40_000;

export function updateTimeToLive(
  cx: Cx,
  input: Input<"dynamodb", "UpdateTimeToLive">,
): Output<"dynamodb", "UpdateTimeToLive"> {
  const specification = input.TimeToLiveSpecification!;
  const table = getTable(cx, input);
  const { expiry } = table.record;
  const attribute = specification.AttributeName!;
  const enabled = specification.Enabled!;
  if (enabled && expiry?.enabled) throw invalid("TimeToLive is already enabled");
  if (!enabled && !expiry?.enabled) throw invalid("TimeToLive is already disabled");
  if (!enabled && expiry?.attribute !== attribute)
    throw invalid("TimeToLive is active on a different AttributeName: current AttributeName is " + expiry!.attribute);
  const changed = cx.state.putTable(table.scope, { ...table.record, expiry: { attribute, enabled } });
  if (enabled) noteAllExpiries(cx.state, changed);
  else forgetExpiries(cx.state, table.number);
  return { TimeToLiveSpecification: specification };
}

export function describeTimeToLive(
  cx: Cx,
  input: Input<"dynamodb", "DescribeTimeToLive">,
): Output<"dynamodb", "DescribeTimeToLive"> {
  const { expiry } = getTable(cx, input).record;
  return {
    TimeToLiveDescription: expiry?.enabled
      ? { TimeToLiveStatus: "ENABLED", AttributeName: expiry.attribute }
      : { TimeToLiveStatus: "DISABLED" },
  };
}

/** Gap: the setting is kept and told; there is no restoring. */
export function updateContinuousBackups(
  cx: Cx,
  input: Input<"dynamodb", "UpdateContinuousBackups">,
): Output<"dynamodb", "UpdateContinuousBackups"> {
  const table = getBackedUpTable(cx, input);
  const { PointInTimeRecoveryEnabled: enabled, RecoveryPeriodInDays: days } = input.PointInTimeRecoverySpecification!;
  if (!enabled && days !== undefined)
    throw invalid("RecoveryPeriodInDays can only be specified when PointInTimeRecoveryEnabled is true");
  const { recovery: known } = table.record;
  const recovery = { sinceMs: known?.sinceMs ?? cx.kernel.clock.now(), days: days ?? known?.days ?? RECOVERY_DAYS };
  const record = { ...table.record };
  delete record.recovery;
  const changed = cx.state.putTable(table.scope, enabled ? { ...record, recovery } : record);
  return { ContinuousBackupsDescription: describeRecovery(cx, changed) };
}

export function describeContinuousBackups(
  cx: Cx,
  input: Input<"dynamodb", "DescribeContinuousBackups">,
): Output<"dynamodb", "DescribeContinuousBackups"> {
  return { ContinuousBackupsDescription: describeRecovery(cx, getBackedUpTable(cx, input)) };
}

export function describeLimits(): Output<"dynamodb", "DescribeLimits"> {
  return {
    AccountMaxReadCapacityUnits: UNITS_MAX,
    AccountMaxWriteCapacityUnits: UNITS_MAX,
    TableMaxReadCapacityUnits: TABLE_UNITS_MAX,
    TableMaxWriteCapacityUnits: TABLE_UNITS_MAX,
  };
}

export function describeEndpoints(cx: Cx): Output<"dynamodb", "DescribeEndpoints"> {
  return { Endpoints: [{ Address: new URL(cx.endpoint()).host, CachePeriodInMinutes: 1440 }] };
}

function describeRecovery(cx: Cx, { record }: Table) {
  const { recovery } = record;
  const now = cx.kernel.clock.now();
  return {
    ContinuousBackupsStatus: "ENABLED" as const,
    PointInTimeRecoveryDescription: recovery
      ? {
          PointInTimeRecoveryStatus: "ENABLED" as const,
          RecoveryPeriodInDays: recovery.days,
          EarliestRestorableDateTime: new Date(Math.max(recovery.sinceMs, now - recovery.days * DAY_MS)),
          LatestRestorableDateTime: new Date(Math.max(recovery.sinceMs, now - RECOVERY_LAG_MS)),
        }
      : { PointInTimeRecoveryStatus: "DISABLED" as const },
  };
}

function getTable(cx: Cx, input: { TableName?: string | undefined }): Table {
  const { scope, name } = referTo(cx, input.TableName!);
  const table = cx.state.findTable(scope, name);
  if (!table) throw tableNotFound(name);
  return table;
}

/** AWS: backups alone tell a missing table by a code of their own. */
function getBackedUpTable(cx: Cx, input: { TableName?: string | undefined }): Table {
  const { scope, name } = referTo(cx, input.TableName!);
  const table = cx.state.findTable(scope, name);
  if (!table) throw backedUpTableNotFound(name);
  return table;
}
