import { NotEmulatedError } from "../../../aws/error.ts";
import { findRoleByArn, type IamState, type SessionRecord } from "../../../iam/state.ts";
import type { Input } from "../../../aws/api-types.ts";
import type { Ask, Operations } from "../../../service.ts";
import { accessDenied } from "../errors.ts";
import { openRoleSession, type Cx } from "../session.ts";

/** The session that the caller speaks with, where it has one. */
function callerSession(cx: Cx): SessionRecord | undefined {
  const { principal } = cx;
  const key = "accessKeyId" in principal ? principal.accessKeyId : undefined;
  return key === undefined ? undefined : cx.state.sessions.get([key]);
}

/**
 * The role's trust policy decides. AWS: a role that does not exist is denied in the same words as one that does not
 * trust the caller. Tags and a source identity are permissions of their own.
 * Quirk: root may assume roles that trust its account, since root here stands for whoever uses this machine; AWS
 * refuses root.
 */
export function askAssumeRole(input: Input<"sts", "AssumeRole">, cx: Cx): Ask[] {
  const { RoleArn: resource = "", Tags = [], TransitiveTagKeys = [], ExternalId, SourceIdentity } = input;
  const role = findRoleByArn(cx.state, resource);
  const context: Record<string, string | readonly string[]> = { "sts:RoleSessionName": input.RoleSessionName ?? "" };
  if (ExternalId !== undefined) context["sts:ExternalId"] = ExternalId;
  if (SourceIdentity !== undefined) context["sts:SourceIdentity"] = SourceIdentity;
  if (TransitiveTagKeys.length > 0) context["sts:TransitiveTagKeys"] = TransitiveTagKeys;
  if (Tags.length > 0) context["aws:TagKeys"] = Tags.map(({ Key = "" }) => Key);
  for (const { Key = "", Value = "" } of Tags) context[`aws:RequestTag/${Key}`] = Value;
  for (const [key, value] of Object.entries(role?.tags ?? {})) {
    context[`aws:ResourceTag/${key}`] = value;
    context[`iam:ResourceTag/${key}`] = value;
  }
  const ask = { resource, context, resourcePolicy: role?.trust };
  return [
    ask,
    ...(Tags.length > 0 ? [{ ...ask, action: "sts:TagSession" }] : []),
    ...(SourceIdentity === undefined ? [] : [{ ...ask, action: "sts:SetSourceIdentity" }]),
  ];
}

export const assumeRole = {
  AssumeRole(cx, input) {
    if (input.SerialNumber !== undefined || input.TokenCode !== undefined)
      throw new NotEmulatedError("MFA devices (SerialNumber, TokenCode of AssumeRole)");
    if (input.ProvidedContexts !== undefined) throw new NotEmulatedError("ProvidedContexts of AssumeRole");
    const role = findRoleByArn(cx.state, input.RoleArn ?? "");
    // The gate has asked the role's trust policy, so there is one.
    if (!role) throw accessDenied(`The role ${input.RoleArn} cannot be found.`);
    return openRoleSession(cx, role, input, callerSession(cx));
  },
} satisfies Operations<"sts", IamState>;
