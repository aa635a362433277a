/** Identities, templates, configuration sets, the suppression list and the account, as the second API has them. */
import type { Input, OperationName, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { badRequest, configurationSetExists, configurationSetNotFound, notFound, templateNotFound } from "../errors.ts";
import { ensureIdentity, findIdentity, removeIdentity } from "../identity.ts";
import { page } from "../page.ts";
import { accountOf, type Cx, QUOTA, sentLast24Hours } from "../sending.ts";
import { type IdentityRecord, scopeKey } from "../state.ts";
import * as templates from "../template.ts";
import { AwsError } from "../../../aws/error.ts";

type In<O extends OperationName<"sesv2">> = Input<"sesv2", O>;
type Out<O extends OperationName<"sesv2">> = Output<"sesv2", O>;

const invalidToken = () =>
  new AwsError("InvalidNextTokenException", "The specified request includes an invalid token.");

export function createEmailIdentity(cx: Cx, input: In<"CreateEmailIdentity">): Out<"CreateEmailIdentity"> {
  const { EmailIdentity: name = "" } = input;
  if (input.DkimSigningAttributes) throw new NotEmulatedError("DkimSigningAttributes of sesv2:CreateEmailIdentity");
  if (findIdentity(cx, name)) throw new AwsError("AlreadyExistsException", `Email identity ${name} already exists.`);
  const set = input.ConfigurationSetName;
  if (set !== undefined && !cx.state.configurationSets.has([...scopeKey(cx.scope), set]))
    throw configurationSetNotFound("v2", set);
  const record = ensureIdentity(cx, name, tagsOf(input.Tags));
  if (set !== undefined)
    cx.state.identities.put([...scopeKey(cx.scope), record.name], { ...record, configurationSet: set });
  return { IdentityType: record.kind, VerifiedForSendingStatus: true, DkimAttributes: dkimOf(record) };
}

function dkimOf({ kind, dkimTokens }: IdentityRecord) {
  if (kind === "EMAIL_ADDRESS") return { SigningEnabled: false, Status: "NOT_STARTED" as const };
  return {
    SigningEnabled: true,
    Status: "SUCCESS" as const,
    Tokens: [...dkimTokens],
    SigningAttributesOrigin: "AWS_SES" as const,
  };
}

function getIdentity(cx: Cx, name = ""): IdentityRecord {
  const record = findIdentity(cx, name);
  if (!record) throw notFound(`Email identity ${name} does not exist.`);
  return record;
}

export function getEmailIdentity(cx: Cx, input: In<"GetEmailIdentity">): Out<"GetEmailIdentity"> {
  const record = getIdentity(cx, input.EmailIdentity);
  return {
    IdentityType: record.kind,
    FeedbackForwardingStatus: true,
    VerifiedForSendingStatus: true,
    VerificationStatus: "SUCCESS",
    DkimAttributes: dkimOf(record),
    MailFromAttributes: {
      BehaviorOnMxFailure: "USE_DEFAULT_VALUE",
      MailFromDomain: undefined,
      MailFromDomainStatus: undefined,
    },
    Policies: {},
    Tags: listOf(record.tags),
    ConfigurationSetName: record.configurationSet,
  };
}

export function deleteEmailIdentity(cx: Cx, input: In<"DeleteEmailIdentity">): Out<"DeleteEmailIdentity"> {
  if (!removeIdentity(cx, input.EmailIdentity ?? ""))
    throw notFound(`Email identity ${input.EmailIdentity} does not exist.`);
  return {};
}

export function listEmailIdentities(cx: Cx, input: In<"ListEmailIdentities">): Out<"ListEmailIdentities"> {
  const range = { token: input.NextToken, limit: input.PageSize ?? 100 };
  const { records, next } = page(cx.state.identities, scopeKey(cx.scope), range, invalidToken);
  return {
    EmailIdentities: records.map(({ name, kind }) => ({
      IdentityType: kind,
      IdentityName: name,
      SendingEnabled: true,
      VerificationStatus: "SUCCESS" as const,
    })),
    NextToken: next,
  };
}

type Parts = NonNullable<In<"CreateEmailTemplate">["TemplateContent"]>;

function partsOf({ Subject, Text, Html }: Partial<Parts> = {}) {
  return {
    subject: Subject ?? "",
    ...(Text === undefined ? {} : { text: Text }),
    ...(Html === undefined ? {} : { html: Html }),
  };
}

export function createEmailTemplate(cx: Cx, input: In<"CreateEmailTemplate">): Out<"CreateEmailTemplate"> {
  templates.createTemplate(cx, "v2", input.TemplateName ?? "", partsOf(input.TemplateContent), tagsOf(input.Tags));
  return {};
}

export function updateEmailTemplate(cx: Cx, input: In<"UpdateEmailTemplate">): Out<"UpdateEmailTemplate"> {
  templates.updateTemplate(cx, "v2", input.TemplateName ?? "", partsOf(input.TemplateContent));
  return {};
}

export function deleteEmailTemplate(
  { state, scope }: Cx,
  input: In<"DeleteEmailTemplate">,
): Out<"DeleteEmailTemplate"> {
  const name = input.TemplateName ?? "";
  if (!state.templates.remove([...scopeKey(scope), name])) throw templateNotFound("v2", name);
  return {};
}

export function getEmailTemplate({ state, scope }: Cx, input: In<"GetEmailTemplate">): Out<"GetEmailTemplate"> {
  const { name, subject, text, html, tags } = templates.getTemplate(state, scope, "v2", input.TemplateName ?? "");
  return { TemplateName: name, TemplateContent: { Subject: subject, Text: text, Html: html }, Tags: listOf(tags) };
}

export function listEmailTemplates({ state, scope }: Cx, input: In<"ListEmailTemplates">): Out<"ListEmailTemplates"> {
  const range = { token: input.NextToken, limit: input.PageSize ?? 10 };
  const { records, next } = page(state.templates, scopeKey(scope), range, invalidToken);
  return {
    TemplatesMetadata: records.map(({ name, createdMs }) => ({
      TemplateName: name,
      CreatedTimestamp: new Date(createdMs),
    })),
    NextToken: next,
  };
}

export async function testRenderEmailTemplate(
  cx: Cx,
  input: In<"TestRenderEmailTemplate">,
): Promise<Out<"TestRenderEmailTemplate">> {
  return { RenderedTemplate: await templates.testRender(cx, "v2", input.TemplateName ?? "", input.TemplateData) };
}

const SET_OPTIONS = [
  "TrackingOptions",
  "DeliveryOptions",
  "VdmOptions",
  "ArchivingOptions",
  "MessageSecurityOptions",
] as const;

export function createConfigurationSet(cx: Cx, input: In<"CreateConfigurationSet">): Out<"CreateConfigurationSet"> {
  for (const option of SET_OPTIONS)
    if (option in input && (input as unknown as Record<string, unknown>)[option] !== undefined)
      throw new NotEmulatedError(`${option} of sesv2:CreateConfigurationSet`);
  if (input.ReputationOptions?.ReputationMetricsEnabled)
    throw new NotEmulatedError("ReputationMetricsEnabled of sesv2:CreateConfigurationSet");
  const name = input.ConfigurationSetName ?? "";
  const key = [...scopeKey(cx.scope), name];
  if (cx.state.configurationSets.has(key)) throw configurationSetExists("v2", name);
  const reasons = input.SuppressionOptions?.SuppressedReasons;
  cx.state.configurationSets.put(key, {
    name,
    sendingEnabled: input.SendingOptions?.SendingEnabled ?? true,
    ...(reasons ? { suppressedReasons: reasons } : {}),
    tags: tagsOf(input.Tags),
  });
  return {};
}

function getSet({ state, scope }: Cx, name = "") {
  const set = state.configurationSets.get([...scopeKey(scope), name]);
  if (!set) throw configurationSetNotFound("v2", name);
  return set;
}

export function getConfigurationSet(cx: Cx, input: In<"GetConfigurationSet">): Out<"GetConfigurationSet"> {
  const set = getSet(cx, input.ConfigurationSetName);
  return {
    ConfigurationSetName: set.name,
    SendingOptions: { SendingEnabled: set.sendingEnabled },
    ReputationOptions: { ReputationMetricsEnabled: false },
    ...(set.suppressedReasons ? { SuppressionOptions: { SuppressedReasons: set.suppressedReasons } } : {}),
    Tags: listOf(set.tags),
  };
}

export function putConfigurationSetSendingOptions(
  cx: Cx,
  input: In<"PutConfigurationSetSendingOptions">,
): Out<"PutConfigurationSetSendingOptions"> {
  const set = getSet(cx, input.ConfigurationSetName);
  cx.state.configurationSets.put([...scopeKey(cx.scope), set.name], {
    ...set,
    sendingEnabled: input.SendingEnabled ?? false,
  });
  return {};
}

export function putConfigurationSetSuppressionOptions(
  cx: Cx,
  input: In<"PutConfigurationSetSuppressionOptions">,
): Out<"PutConfigurationSetSuppressionOptions"> {
  const { suppressedReasons: _, ...set } = getSet(cx, input.ConfigurationSetName);
  cx.state.configurationSets.put([...scopeKey(cx.scope), set.name], {
    ...set,
    ...(input.SuppressedReasons ? { suppressedReasons: input.SuppressedReasons } : {}),
  });
  return {};
}

export function deleteConfigurationSet(cx: Cx, input: In<"DeleteConfigurationSet">): Out<"DeleteConfigurationSet"> {
  const { name } = getSet(cx, input.ConfigurationSetName);
  cx.state.configurationSets.remove([...scopeKey(cx.scope), name]);
  return {};
}

export function listConfigurationSets(cx: Cx, input: In<"ListConfigurationSets">): Out<"ListConfigurationSets"> {
  const range = { token: input.NextToken, limit: input.PageSize ?? 100 };
  const { records, next } = page(cx.state.configurationSets, scopeKey(cx.scope), range, invalidToken);
  return { ConfigurationSets: records.map(({ name }) => name), NextToken: next };
}

export function getAccount(cx: Cx): Out<"GetAccount"> {
  const { sendingEnabled, suppressedReasons } = accountOf(cx);
  return {
    DedicatedIpAutoWarmupEnabled: false,
    EnforcementStatus: "HEALTHY",
    ProductionAccessEnabled: true,
    SendQuota: { ...QUOTA, SentLast24Hours: sentLast24Hours(cx) },
    SendingEnabled: sendingEnabled,
    SuppressionAttributes: { SuppressedReasons: suppressedReasons },
  };
}

export function putAccountSendingAttributes(
  cx: Cx,
  input: In<"PutAccountSendingAttributes">,
): Out<"PutAccountSendingAttributes"> {
  cx.state.accounts.put(scopeKey(cx.scope), { ...accountOf(cx), sendingEnabled: input.SendingEnabled ?? false });
  return {};
}

export function putAccountSuppressionAttributes(
  cx: Cx,
  input: In<"PutAccountSuppressionAttributes">,
): Out<"PutAccountSuppressionAttributes"> {
  cx.state.accounts.put(scopeKey(cx.scope), { ...accountOf(cx), suppressedReasons: input.SuppressedReasons ?? [] });
  return {};
}

export function putSuppressedDestination(
  { state, scope, kernel }: Cx,
  input: In<"PutSuppressedDestination">,
): Out<"PutSuppressedDestination"> {
  const address = (input.EmailAddress ?? "").toLowerCase();
  state.suppressed.put([...scopeKey(scope), address], {
    address,
    reason: input.Reason!,
    updatedMs: kernel.clock.now(),
  });
  return {};
}

export function getSuppressedDestination(
  { state, scope }: Cx,
  input: In<"GetSuppressedDestination">,
): Out<"GetSuppressedDestination"> {
  const record = state.suppressed.get([...scopeKey(scope), (input.EmailAddress ?? "").toLowerCase()]);
  if (!record) throw notOnList(input.EmailAddress);
  const { address, reason, updatedMs } = record;
  return {
    SuppressedDestination: { EmailAddress: address, Reason: reason, LastUpdateTime: new Date(updatedMs) },
  };
}

export function deleteSuppressedDestination(
  { state, scope }: Cx,
  input: In<"DeleteSuppressedDestination">,
): Out<"DeleteSuppressedDestination"> {
  if (!state.suppressed.remove([...scopeKey(scope), (input.EmailAddress ?? "").toLowerCase()]))
    throw notOnList(input.EmailAddress);
  return {};
}

const notOnList = (address = "") => notFound(`Email address ${address} does not exist on your suppression list.`);

export function listSuppressedDestinations(
  { state, scope }: Cx,
  input: In<"ListSuppressedDestinations">,
): Out<"ListSuppressedDestinations"> {
  const range = { token: input.NextToken, limit: input.PageSize ?? 1000 };
  const { records, next } = page(
    state.suppressed,
    scopeKey(scope),
    range,
    invalidToken,
    ({ reason, updatedMs }) =>
      (!input.Reasons?.length || input.Reasons.includes(reason)) &&
      (input.StartDate === undefined || updatedMs >= input.StartDate.getTime()) &&
      (input.EndDate === undefined || updatedMs <= input.EndDate.getTime()),
  );
  return {
    SuppressedDestinationSummaries: records.map(({ address, reason, updatedMs }) => ({
      EmailAddress: address,
      Reason: reason,
      LastUpdateTime: new Date(updatedMs),
    })),
    NextToken: next,
  };
}

export function tagResource(cx: Cx, input: In<"TagResource">): Out<"TagResource"> {
  const { tags, put } = tagged(cx, input.ResourceArn);
  put({ ...tags, ...tagsOf(input.Tags) });
  return {};
}

export function untagResource(cx: Cx, input: In<"UntagResource">): Out<"UntagResource"> {
  const { tags, put } = tagged(cx, input.ResourceArn);
  put(Object.fromEntries(Object.entries(tags).filter(([key]) => !input.TagKeys?.includes(key))));
  return {};
}

export function listTagsForResource(cx: Cx, input: In<"ListTagsForResource">): Out<"ListTagsForResource"> {
  return { Tags: listOf(tagged(cx, input.ResourceArn).tags) };
}

type Tags = Record<string, string>;

/** What an ARN names that carries tags: `identity/…`, `configuration-set/…`, `template/…`. */
function tagged({ state, scope }: Cx, resourceArn = ""): { tags: Tags; put: (tags: Tags) => void } {
  const match = /^(identity|configuration-set|template)\/(.+)$/.exec(findArn(resourceArn)?.resource ?? "");
  if (!match) throw badRequest(`Invalid ARN: ${resourceArn}`);
  const key = [...scopeKey(scope), match[2]!];
  const { identities, configurationSets, templates: kept } = state;
  const collection = { identity: identities, "configuration-set": configurationSets, template: kept }[
    match[1] as "identity" | "configuration-set" | "template"
  ] as typeof identities;
  const record = collection.get(key);
  if (!record) throw notFound(`Resource ${resourceArn} does not exist.`);
  return { tags: record.tags, put: (tags) => collection.put(key, { ...record, tags }) };
}

function tagsOf(tags: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Tags {
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key!, Value!]));
}

function listOf(tags: Tags) {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
