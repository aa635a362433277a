import type { Input, Output } from "../../../aws/api-types.ts";
import type { CallContext } from "../../../service.ts";
import { conflict, invalidParameter, noSuchResource, notFound, wrongRevision } from "../errors.ts";
import { findPolicy, getVersion, policyText } from "../function-lookup.ts";
import { functionArn, readFunctionName, requireOwn, type FunctionReference } from "../function-name.ts";
import { readStatement } from "../statement.ts";
import { scopeKey, type LambdaState, type PolicyRecord } from "../state.ts";

type Cx = CallContext<LambdaState>;

/** AWS: "Viewing resource-based IAM policies in Lambda": 20 KB. */
const POLICY_BYTES_MAX = 20_480;

export function addPermission(cx: Cx, input: Input<"lambda", "AddPermission">): Output<"lambda", "AddPermission"> {
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  const { state, scope, kernel } = cx;
  getVersion(state, reference);
  if (reference.qualifier === "$LATEST")
    throw invalidParameter("We currently do not support adding policies for $LATEST.");
  const record = find(cx, reference) ?? { statements: [], revisionId: "" };
  checkRevision(record, input.RevisionId);
  if (record.statements.some(({ Sid }) => Sid === input.StatementId))
    throw conflict(
      `The statement id (${input.StatementId}) provided already exists. Please provide a new statement id, or remove the existing statement.`,
    );
  const statement = readStatement(input, functionArn(scope, reference.name, reference.qualifier));
  const statements = [...record.statements, statement];
  if (Buffer.byteLength(policyText(statements)) > POLICY_BYTES_MAX)
    throw invalidParameter(
      `The final policy size (${Buffer.byteLength(policyText(statements))}) is bigger than the limit (${POLICY_BYTES_MAX}).`,
    );
  state.policies.put(key(cx, reference), { statements, revisionId: kernel.random.uuid() });
  return { Statement: JSON.stringify(statement) };
}

export function removePermission(cx: Cx, input: Input<"lambda", "RemovePermission">): Record<string, never> {
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  getVersion(cx.state, reference);
  const record = find(cx, reference);
  if (!record) throw notFound("No policy is associated with the given resource.");
  checkRevision(record, input.RevisionId);
  const statements = record.statements.filter(({ Sid }) => Sid !== input.StatementId);
  if (statements.length === record.statements.length)
    throw notFound(`Statement ${input.StatementId} is not found in resource policy.`);
  if (statements.length === 0) cx.state.policies.remove(key(cx, reference));
  else cx.state.policies.put(key(cx, reference), { statements, revisionId: cx.kernel.random.uuid() });
  return {};
}

export function getPolicy(cx: Cx, input: Input<"lambda", "GetPolicy">): Output<"lambda", "GetPolicy"> {
  const reference = ownReference(cx, input.FunctionName!, input.Qualifier);
  getVersion(cx.state, reference);
  const record = find(cx, reference);
  if (!record) throw noSuchResource();
  return { Policy: findPolicy(cx.state, reference)!, RevisionId: record.revisionId };
}

function find({ state, scope }: Cx, { name, qualifier }: FunctionReference): PolicyRecord | undefined {
  return state.policies.get([...scopeKey(scope), name, qualifier ?? ""]);
}

function key({ scope }: Cx, { name, qualifier }: FunctionReference): string[] {
  return [...scopeKey(scope), name, qualifier ?? ""];
}

function checkRevision({ revisionId }: PolicyRecord, given: string | undefined): void {
  if (given !== undefined && given !== revisionId) throw wrongRevision();
}

function ownReference({ scope }: Cx, text: string, qualifier: string | undefined): FunctionReference {
  const reference = readFunctionName(scope, text, qualifier);
  requireOwn(scope, reference);
  return reference;
}
