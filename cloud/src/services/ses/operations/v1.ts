/** Identities, templates, configuration sets and the account, as the first API has them. */
import type { Input, OperationName, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { configurationSetExists, configurationSetNotFound, invalidParameter } from "../errors.ts";
import { ensureIdentity, findIdentity, removeIdentity } from "../identity.ts";
import { page } from "../page.ts";
import { accountOf, type Cx, QUOTA, sentLast24Hours } from "../sending.ts";
import { scopeKey } from "../state.ts";
import * as templates from "../template.ts";

type In<O extends OperationName<"ses">> = Input<"ses", O>;
type Out<O extends OperationName<"ses">> = Output<"ses", O>;

const invalidToken = () => invalidParameter("v1", "Invalid NextToken");

export function verifyEmailIdentity(cx: Cx, input: In<"VerifyEmailIdentity">): Out<"VerifyEmailIdentity"> {
  verifyAddress(cx, input.EmailAddress);
  return {};
}

export function verifyEmailAddress(cx: Cx, input: In<"VerifyEmailAddress">): Record<string, never> {
  verifyAddress(cx, input.EmailAddress);
  return {};
}

function verifyAddress(cx: Cx, address = ""): void {
  if (!/^[^@\s]+@[^@\s]+$/.test(address)) throw invalidParameter("v1", `Invalid email address<${address}>.`);
  ensureIdentity(cx, address);
}

export function verifyDomainIdentity(cx: Cx, input: In<"VerifyDomainIdentity">): Out<"VerifyDomainIdentity"> {
  const { Domain = "" } = input;
  if (!/^[a-z0-9.-]+\.[a-z0-9-]+$/i.test(Domain)) throw invalidParameter("v1", `Invalid domain name ${Domain}.`);
  return { VerificationToken: ensureIdentity(cx, Domain).token };
}

export function verifyDomainDkim(cx: Cx, input: In<"VerifyDomainDkim">): Out<"VerifyDomainDkim"> {
  return { DkimTokens: [...ensureIdentity(cx, input.Domain ?? "").dkimTokens] };
}

export function deleteIdentity(cx: Cx, input: In<"DeleteIdentity">): Out<"DeleteIdentity"> {
  removeIdentity(cx, input.Identity ?? "");
  return {};
}

export function deleteVerifiedEmailAddress(cx: Cx, input: In<"DeleteVerifiedEmailAddress">): Record<string, never> {
  removeIdentity(cx, input.EmailAddress ?? "");
  return {};
}

export function listIdentities(cx: Cx, input: In<"ListIdentities">): Out<"ListIdentities"> {
  const { records, next } = page(
    cx.state.identities,
    scopeKey(cx.scope),
    { token: input.NextToken, limit: input.MaxItems ?? 1000 },
    invalidToken,
    ({ kind }) => input.IdentityType === undefined || (input.IdentityType === "Domain") === (kind === "DOMAIN"),
  );
  return { Identities: records.map(({ name }) => name), NextToken: next };
}

export function listVerifiedEmailAddresses({ state, scope }: Cx): Out<"ListVerifiedEmailAddresses"> {
  const all = [...state.identities.values({ prefix: scopeKey(scope) })];
  return { VerifiedEmailAddresses: all.filter(({ kind }) => kind === "EMAIL_ADDRESS").map(({ name }) => name) };
}

export function getIdentityVerificationAttributes(
  cx: Cx,
  input: In<"GetIdentityVerificationAttributes">,
): Out<"GetIdentityVerificationAttributes"> {
  const found = (input.Identities ?? []).flatMap((name) => {
    const record = findIdentity(cx, name);
    if (!record) return [];
    const token = record.kind === "DOMAIN" ? { VerificationToken: record.token } : {};
    return [[name, { VerificationStatus: "Success" as const, ...token }] as const];
  });
  return { VerificationAttributes: Object.fromEntries(found) };
}

export function createTemplate(cx: Cx, input: In<"CreateTemplate">): Out<"CreateTemplate"> {
  const { TemplateName = "", ...parts } = input.Template ?? {};
  templates.createTemplate(cx, "v1", TemplateName, partsOf(parts));
  return {};
}

export function updateTemplate(cx: Cx, input: In<"UpdateTemplate">): Out<"UpdateTemplate"> {
  const { TemplateName = "", ...parts } = input.Template ?? {};
  templates.updateTemplate(cx, "v1", TemplateName, partsOf(parts));
  return {};
}

function partsOf(parts: {
  SubjectPart?: string | undefined;
  TextPart?: string | undefined;
  HtmlPart?: string | undefined;
}) {
  if (parts.SubjectPart === undefined) throw invalidParameter("v1", "The subject must be specified.");
  return {
    subject: parts.SubjectPart,
    ...(parts.TextPart === undefined ? {} : { text: parts.TextPart }),
    ...(parts.HtmlPart === undefined ? {} : { html: parts.HtmlPart }),
  };
}

/** AWS: deleting a template that is not there succeeds. */
export function deleteTemplate({ state, scope }: Cx, input: In<"DeleteTemplate">): Out<"DeleteTemplate"> {
  state.templates.remove([...scopeKey(scope), input.TemplateName ?? ""]);
  return {};
}

export function getTemplate({ state, scope }: Cx, input: In<"GetTemplate">): Out<"GetTemplate"> {
  const { name, subject, text, html } = templates.getTemplate(state, scope, "v1", input.TemplateName ?? "");
  return { Template: { TemplateName: name, SubjectPart: subject, TextPart: text, HtmlPart: html } };
}

export function listTemplates({ state, scope }: Cx, input: In<"ListTemplates">): Out<"ListTemplates"> {
  const range = { token: input.NextToken, limit: input.MaxItems ?? 10 };
  const { records, next } = page(state.templates, scopeKey(scope), range, invalidToken);
  return {
    TemplatesMetadata: records.map(({ name, createdMs }) => ({ Name: name, CreatedTimestamp: new Date(createdMs) })),
    NextToken: next,
  };
}

export async function testRenderTemplate(cx: Cx, input: In<"TestRenderTemplate">): Promise<Out<"TestRenderTemplate">> {
  return { RenderedTemplate: await templates.testRender(cx, "v1", input.TemplateName ?? "", input.TemplateData) };
}

export function createConfigurationSet(cx: Cx, input: In<"CreateConfigurationSet">): Out<"CreateConfigurationSet"> {
  const name = input.ConfigurationSet?.Name ?? "";
  const key = [...scopeKey(cx.scope), name];
  if (cx.state.configurationSets.has(key)) throw configurationSetExists("v1", name);
  cx.state.configurationSets.put(key, { name, sendingEnabled: true, tags: {} });
  return {};
}

export function deleteConfigurationSet(cx: Cx, input: In<"DeleteConfigurationSet">): Out<"DeleteConfigurationSet"> {
  const name = input.ConfigurationSetName ?? "";
  if (!cx.state.configurationSets.remove([...scopeKey(cx.scope), name])) throw configurationSetNotFound("v1", name);
  return {};
}

export function describeConfigurationSet(
  cx: Cx,
  input: In<"DescribeConfigurationSet">,
): Out<"DescribeConfigurationSet"> {
  const name = input.ConfigurationSetName ?? "";
  const set = cx.state.configurationSets.get([...scopeKey(cx.scope), name]);
  if (!set) throw configurationSetNotFound("v1", name);
  for (const attribute of input.ConfigurationSetAttributeNames ?? [])
    if (attribute !== "reputationOptions")
      throw new NotEmulatedError(`the attribute ${attribute} of ses:DescribeConfigurationSet`);
  const options = { SendingEnabled: set.sendingEnabled, ReputationMetricsEnabled: false };
  return {
    ConfigurationSet: { Name: name },
    ...(input.ConfigurationSetAttributeNames?.length ? { ReputationOptions: options } : {}),
  };
}

export function updateConfigurationSetSendingEnabled(
  cx: Cx,
  input: In<"UpdateConfigurationSetSendingEnabled">,
): Record<string, never> {
  const name = input.ConfigurationSetName ?? "";
  const key = [...scopeKey(cx.scope), name];
  const set = cx.state.configurationSets.get(key);
  if (!set) throw configurationSetNotFound("v1", name);
  cx.state.configurationSets.put(key, { ...set, sendingEnabled: input.Enabled ?? false });
  return {};
}

export function listConfigurationSets(
  { state, scope }: Cx,
  input: In<"ListConfigurationSets">,
): Out<"ListConfigurationSets"> {
  const range = { token: input.NextToken, limit: input.MaxItems ?? 1000 };
  const { records, next } = page(state.configurationSets, scopeKey(scope), range, invalidToken);
  return { ConfigurationSets: records.map(({ name }) => ({ Name: name })), NextToken: next };
}

export function getSendQuota(cx: Cx): Out<"GetSendQuota"> {
  return { ...QUOTA, SentLast24Hours: sentLast24Hours(cx) };
}

const QUARTER_MS = 15 * 60_000;

/** AWS: one point for each quarter of an hour in which something was sent, over two weeks. */
export function getSendStatistics({ state, scope }: Cx): Out<"GetSendStatistics"> {
  const attempts = new Map<number, number>();
  for (const [key, count] of state.sends.entries({ prefix: scopeKey(scope) })) {
    const quarterMs = Math.floor((key[2] as number) / QUARTER_MS) * QUARTER_MS;
    attempts.set(quarterMs, (attempts.get(quarterMs) ?? 0) + count);
  }
  return {
    SendDataPoints: [...attempts].map(([ms, DeliveryAttempts]) => ({
      Timestamp: new Date(ms),
      DeliveryAttempts,
      Bounces: 0,
      Complaints: 0,
      Rejects: 0,
    })),
  };
}

export function getAccountSendingEnabled(cx: Cx): Out<"GetAccountSendingEnabled"> {
  return { Enabled: accountOf(cx).sendingEnabled };
}

export function updateAccountSendingEnabled(cx: Cx, input: In<"UpdateAccountSendingEnabled">): Record<string, never> {
  cx.state.accounts.put(scopeKey(cx.scope), { ...accountOf(cx), sendingEnabled: input.Enabled ?? false });
  return {};
}
