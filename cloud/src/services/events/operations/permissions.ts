import type { Input } from "../../../aws/api-types.ts";
import { busArn, busKey, getBus, policyOf, putBus } from "../bus.ts";
import { noPolicy, policyTooLong, statementNotFound, validation } from "../errors.ts";
import type { BusRecord, Cx, Statement } from "../state.ts";

const POLICY_BYTES_MAX = 10_240;

export function putPermission(cx: Cx, input: Input<"events", "PutPermission">): object {
  const { Policy, Action, Principal, StatementId, Condition } = input;
  const key = busKey(cx.scope, input.EventBusName);
  const bus = getBus(cx.state, key);
  const parts = [Action, Principal, StatementId, Condition];
  if (Policy !== undefined) {
    if (parts.some((part) => part !== undefined))
      throw validation("Policy and Action, Principal, StatementId, or Condition cannot be specified together.");
    return keep(cx, { ...bus, ...readPolicy(Policy) });
  }
  if (Action === undefined || Principal === undefined || StatementId === undefined)
    throw validation("Parameters Action, Principal and StatementId must be specified.");
  if (Action !== "events:PutEvents") throw validation("Provided value in parameter 'action' is not supported.");
  const statement: Statement = {
    Sid: StatementId,
    Effect: "Allow",
    Principal: Principal === "*" ? "*" : { AWS: `arn:aws:iam::${Principal}:root` },
    Action,
    Resource: busArn(key),
    ...(Condition ? { Condition: { [Condition.Type!]: { [Condition.Key!]: Condition.Value! } } } : {}),
  };
  const others = bus.statements.filter(({ Sid }) => Sid !== StatementId);
  return keep(cx, { ...bus, statements: [...others, statement] });
}

function keep(cx: Cx, bus: BusRecord): object {
  if (Buffer.byteLength(policyOf(bus) ?? "") > POLICY_BYTES_MAX) throw policyTooLong();
  const nowMs = cx.kernel.clock.now();
  putBus(cx.state, { ...bus, createdMs: bus.createdMs || nowMs, modifiedMs: nowMs });
  return {};
}

/** @throws AwsError ValidationException */
function readPolicy(text: string): { statements: Statement[]; policyVersion: string } {
  let policy: { Version?: string; Statement?: Statement | Statement[] };
  try {
    policy = JSON.parse(text) as typeof policy;
  } catch {
    throw validation("Policy is not valid: it is not JSON.");
  }
  const statements = Array.isArray(policy.Statement) ? policy.Statement : policy.Statement ? [policy.Statement] : [];
  if (statements.length === 0 || statements.some(({ Effect, Principal }) => !Effect || Principal === undefined))
    throw validation("Policy is not valid: every statement needs Effect and Principal.");
  return { statements, policyVersion: policy.Version ?? "2012-10-17" };
}

export function removePermission(cx: Cx, input: Input<"events", "RemovePermission">): object {
  const bus = getBus(cx.state, busKey(cx.scope, input.EventBusName));
  if (input.RemoveAllPermissions) return keep(cx, { ...bus, statements: [] });
  if (bus.statements.length === 0) throw noPolicy();
  const statements = bus.statements.filter(({ Sid }) => Sid !== input.StatementId);
  if (statements.length === bus.statements.length) throw statementNotFound();
  return keep(cx, { ...bus, statements });
}
