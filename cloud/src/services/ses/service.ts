/**
 * Amazon SES, both versions of its API over one state, and the inbox that all mail of this cloud lands in.
 *
 * Quirk: an identity is verified as soon as it is asked for, and the account is out of the sandbox, so recipients need no
 * verification.
 * Quirk: nothing leaves the machine unless a relay is configured; what is sent is in the inbox (`cloud.inbox`,
 * `GET /api/inbox`, any mail client of the SMTP port only sends).
 * Gap: receipt rules, event destinations, custom verification mails, dedicated IPs, contact lists, sending authorization
 * policies, MAIL FROM domains, tenants and archiving are refused by name. A template whose data lacks an attribute is
 * not sent, as on AWS; for want of event destinations only the trace tells of it.
 * Gap: quotas are told and counted, not enforced.
 */
import { arn } from "../../aws/arn.ts";
import { type Ask, type CallContext, defineService, suspends } from "../../service.ts";
import { identityArn } from "./identity.ts";
import { mailPolicy, relayPolicy } from "./mail.ts";
import * as sendV1 from "./operations/send-v1.ts";
import * as sendV2 from "./operations/send-v2.ts";
import * as v1 from "./operations/v1.ts";
import * as v2 from "./operations/v2.ts";
import { resources } from "./resources.ts";
import { addressOf } from "./sending.ts";
import { SesState } from "./state.ts";

type Cx = CallContext<SesState>;

const onAll = (): Ask => ({ resource: "*" });
/** AWS: the first API knows no resources of its own but the identity that sends. */
const asSender = (action: string) => (input: { Source?: string | undefined }, cx: Cx) =>
  sender(action, input.Source, cx);
const asSenderV2 = (action: string) => (input: { FromEmailAddress?: string | undefined }, cx: Cx) =>
  sender(action, input.FromEmailAddress, cx);

function sender(action: string, from: string | undefined, cx: Cx): Ask {
  const address = addressOf(from ?? "");
  const domain = address.slice(address.lastIndexOf("@") + 1).toLowerCase();
  const name = cx.state.identities.has([cx.scope.account, cx.scope.region, address]) ? address : domain;
  return {
    action: `ses:${action}`,
    resource: from === undefined ? "*" : identityArn(cx.scope, name),
    context: { "ses:FromAddress": address },
  };
}

const onIdentity = (input: { EmailIdentity?: string | undefined }, cx: Cx): Ask => ({
  resource: identityArn(cx.scope, input.EmailIdentity ?? ""),
});
const onTemplate = (input: { TemplateName?: string | undefined }, cx: Cx): Ask => ({
  resource: arn("ses", cx.scope, `template/${input.TemplateName ?? ""}`),
});
const onSet = (input: { ConfigurationSetName?: string | undefined }, cx: Cx): Ask => ({
  resource: arn("ses", cx.scope, `configuration-set/${input.ConfigurationSetName ?? ""}`),
});
const onTagged = (input: { ResourceArn?: string | undefined }): Ask => ({ resource: input.ResourceArn ?? "*" });

export const ses = defineService({
  api: "ses",
  iamPrefix: "ses",
  state: (kernel) => SesState.of(kernel),
  resources,
  start({ kernel, state }) {
    const relay = kernel.deliveries.register(relayPolicy(() => state.relay));
    state.send = kernel.deliveries.register(
      mailPolicy(state.inbox, (mail) => {
        if (state.relay) relay(mail);
      }),
    );
  },
  operations: {
    SendEmail: suspends(sendV1.sendEmail),
    SendRawEmail: suspends(sendV1.sendRawEmail),
    SendTemplatedEmail: suspends(sendV1.sendTemplatedEmail),
    SendBulkTemplatedEmail: suspends(sendV1.sendBulkTemplatedEmail),
    CreateTemplate: v1.createTemplate,
    UpdateTemplate: v1.updateTemplate,
    DeleteTemplate: v1.deleteTemplate,
    GetTemplate: v1.getTemplate,
    ListTemplates: v1.listTemplates,
    TestRenderTemplate: suspends(v1.testRenderTemplate),
    VerifyEmailIdentity: v1.verifyEmailIdentity,
    VerifyEmailAddress: v1.verifyEmailAddress,
    VerifyDomainIdentity: v1.verifyDomainIdentity,
    VerifyDomainDkim: v1.verifyDomainDkim,
    DeleteIdentity: v1.deleteIdentity,
    DeleteVerifiedEmailAddress: v1.deleteVerifiedEmailAddress,
    ListIdentities: v1.listIdentities,
    ListVerifiedEmailAddresses: v1.listVerifiedEmailAddresses,
    GetIdentityVerificationAttributes: v1.getIdentityVerificationAttributes,
    CreateConfigurationSet: v1.createConfigurationSet,
    DeleteConfigurationSet: v1.deleteConfigurationSet,
    DescribeConfigurationSet: v1.describeConfigurationSet,
    ListConfigurationSets: v1.listConfigurationSets,
    UpdateConfigurationSetSendingEnabled: v1.updateConfigurationSetSendingEnabled,
    GetSendQuota: v1.getSendQuota,
    GetSendStatistics: v1.getSendStatistics,
    GetAccountSendingEnabled: v1.getAccountSendingEnabled,
    UpdateAccountSendingEnabled: v1.updateAccountSendingEnabled,
  },
  authorize: {
    SendEmail: asSender("SendEmail"),
    SendRawEmail: asSender("SendRawEmail"),
    SendTemplatedEmail: asSender("SendTemplatedEmail"),
    SendBulkTemplatedEmail: asSender("SendBulkTemplatedEmail"),
    CreateTemplate: onAll,
    UpdateTemplate: onAll,
    DeleteTemplate: onAll,
    GetTemplate: onAll,
    ListTemplates: onAll,
    TestRenderTemplate: onAll,
    VerifyEmailIdentity: onAll,
    VerifyEmailAddress: onAll,
    VerifyDomainIdentity: onAll,
    VerifyDomainDkim: onAll,
    DeleteIdentity: onAll,
    DeleteVerifiedEmailAddress: onAll,
    ListIdentities: onAll,
    ListVerifiedEmailAddresses: onAll,
    GetIdentityVerificationAttributes: onAll,
    CreateConfigurationSet: onAll,
    DeleteConfigurationSet: onAll,
    DescribeConfigurationSet: onAll,
    ListConfigurationSets: onAll,
    UpdateConfigurationSetSendingEnabled: onAll,
    GetSendQuota: onAll,
    GetSendStatistics: onAll,
    GetAccountSendingEnabled: onAll,
    UpdateAccountSendingEnabled: onAll,
  },
});

export const sesv2 = defineService({
  api: "sesv2",
  iamPrefix: "ses",
  state: (kernel) => SesState.of(kernel),
  operations: {
    SendEmail: suspends(sendV2.sendEmail),
    SendBulkEmail: suspends(sendV2.sendBulkEmail),
    CreateEmailIdentity: v2.createEmailIdentity,
    GetEmailIdentity: v2.getEmailIdentity,
    DeleteEmailIdentity: v2.deleteEmailIdentity,
    ListEmailIdentities: v2.listEmailIdentities,
    CreateEmailTemplate: v2.createEmailTemplate,
    UpdateEmailTemplate: v2.updateEmailTemplate,
    DeleteEmailTemplate: v2.deleteEmailTemplate,
    GetEmailTemplate: v2.getEmailTemplate,
    ListEmailTemplates: v2.listEmailTemplates,
    TestRenderEmailTemplate: suspends(v2.testRenderEmailTemplate),
    CreateConfigurationSet: v2.createConfigurationSet,
    GetConfigurationSet: v2.getConfigurationSet,
    DeleteConfigurationSet: v2.deleteConfigurationSet,
    ListConfigurationSets: v2.listConfigurationSets,
    PutConfigurationSetSendingOptions: v2.putConfigurationSetSendingOptions,
    PutConfigurationSetSuppressionOptions: v2.putConfigurationSetSuppressionOptions,
    GetAccount: v2.getAccount,
    PutAccountSendingAttributes: v2.putAccountSendingAttributes,
    PutAccountSuppressionAttributes: v2.putAccountSuppressionAttributes,
    PutSuppressedDestination: v2.putSuppressedDestination,
    GetSuppressedDestination: v2.getSuppressedDestination,
    DeleteSuppressedDestination: v2.deleteSuppressedDestination,
    ListSuppressedDestinations: v2.listSuppressedDestinations,
    TagResource: v2.tagResource,
    UntagResource: v2.untagResource,
    ListTagsForResource: v2.listTagsForResource,
  },
  authorize: {
    SendEmail: asSenderV2("SendEmail"),
    SendBulkEmail: asSenderV2("SendBulkEmail"),
    CreateEmailIdentity: onIdentity,
    GetEmailIdentity: onIdentity,
    DeleteEmailIdentity: onIdentity,
    ListEmailIdentities: onAll,
    CreateEmailTemplate: onTemplate,
    UpdateEmailTemplate: onTemplate,
    DeleteEmailTemplate: onTemplate,
    GetEmailTemplate: onTemplate,
    ListEmailTemplates: onAll,
    TestRenderEmailTemplate: onTemplate,
    CreateConfigurationSet: onSet,
    GetConfigurationSet: onSet,
    DeleteConfigurationSet: onSet,
    ListConfigurationSets: onAll,
    PutConfigurationSetSendingOptions: onSet,
    PutConfigurationSetSuppressionOptions: onSet,
    GetAccount: onAll,
    PutAccountSendingAttributes: onAll,
    PutAccountSuppressionAttributes: onAll,
    PutSuppressedDestination: onAll,
    GetSuppressedDestination: onAll,
    DeleteSuppressedDestination: onAll,
    ListSuppressedDestinations: onAll,
    TagResource: onTagged,
    UntagResource: onTagged,
    ListTagsForResource: onTagged,
  },
});
