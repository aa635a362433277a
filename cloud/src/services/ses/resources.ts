/** The CloudFormation types of SES. */
import type { SuppressionListReason } from "@aws-sdk/client-sesv2";
import { arn } from "../../aws/arn.ts";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { identityArn } from "./identity.ts";

const NAME_MAX = 64;

interface TemplateProps {
  Template: { TemplateName?: string; SubjectPart: string; TextPart?: string; HtmlPart?: string };
  Tags?: ResourceTag[];
}

function contentOf({ Template: { SubjectPart, TextPart, HtmlPart } }: TemplateProps) {
  return { Subject: SubjectPart, Text: TextPart, Html: HtmlPart };
}

const template = defineResource<TemplateProps>({
  type: "AWS::SES::Template",
  honours: { Template: true, Tags: true },
  async create(cx, props) {
    const TemplateName = props.Template.TemplateName ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(props.Tags);
    await cx.call("sesv2", "CreateEmailTemplate", { TemplateName, TemplateContent: contentOf(props), Tags });
    return { physicalId: TemplateName };
  },
  async update(cx, { physicalId: TemplateName, props, previous }) {
    await cx.call("sesv2", "UpdateEmailTemplate", { TemplateName, TemplateContent: contentOf(props) });
    const ResourceArn = arn("ses", cx.scope, `template/${TemplateName}`);
    await retag(cx, ResourceArn, props.Tags, previous.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("sesv2", "DeleteEmailTemplate", { TemplateName: physicalId });
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

interface EmailIdentityProps {
  EmailIdentity: string;
  ConfigurationSetAttributes?: { ConfigurationSetName?: string };
  Tags?: ResourceTag[];
}

const emailIdentity = defineResource<EmailIdentityProps>({
  type: "AWS::SES::EmailIdentity",
  honours: { EmailIdentity: true, ConfigurationSetAttributes: true, Tags: true },
  replaceOn: ["ConfigurationSetAttributes"],
  async create(cx, { EmailIdentity, ConfigurationSetAttributes, Tags: own }) {
    const ConfigurationSetName = ConfigurationSetAttributes?.ConfigurationSetName;
    await cx.call("sesv2", "CreateEmailIdentity", { EmailIdentity, ConfigurationSetName, Tags: cx.mergedTags(own) });
    return { physicalId: EmailIdentity };
  },
  async update(cx, { physicalId, props, previous }) {
    await retag(cx, identityArn(cx.scope, physicalId), props.Tags, previous.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("sesv2", "DeleteEmailIdentity", { EmailIdentity: physicalId });
  },
  async attributes(cx, physicalId) {
    const { DkimAttributes } = await cx.call("sesv2", "GetEmailIdentity", { EmailIdentity: physicalId });
    const tokens = DkimAttributes?.Tokens ?? [];
    return Object.fromEntries(
      tokens.flatMap((token, index) => [
        [`DkimDNSTokenName${index + 1}`, `${token}._domainkey.${physicalId}`],
        [`DkimDNSTokenValue${index + 1}`, `${token}.dkim.amazonses.com`],
      ]),
    );
  },
});

interface ConfigurationSetProps {
  Name?: string;
  SendingOptions?: { SendingEnabled?: boolean };
  SuppressionOptions?: { SuppressedReasons?: SuppressionListReason[] };
  Tags?: ResourceTag[];
}

const configurationSet = defineResource<ConfigurationSetProps>({
  type: "AWS::SES::ConfigurationSet",
  honours: { Name: true, SendingOptions: true, SuppressionOptions: { SuppressedReasons: true }, Tags: true },
  async create(cx, { Name, Tags: own, ...options }) {
    const ConfigurationSetName = Name ?? cx.physicalName(NAME_MAX);
    const Tags = cx.mergedTags(own);
    await cx.call("sesv2", "CreateConfigurationSet", { ...options, ConfigurationSetName, Tags });
    return { physicalId: ConfigurationSetName };
  },
  async update(cx, { physicalId: ConfigurationSetName, props, previous }) {
    await cx.call("sesv2", "PutConfigurationSetSendingOptions", {
      ConfigurationSetName,
      SendingEnabled: props.SendingOptions?.SendingEnabled ?? true,
    });
    await cx.call("sesv2", "PutConfigurationSetSuppressionOptions", {
      ConfigurationSetName,
      SuppressedReasons: props.SuppressionOptions?.SuppressedReasons,
    });
    const ResourceArn = arn("ses", cx.scope, `configuration-set/${ConfigurationSetName}`);
    await retag(cx, ResourceArn, props.Tags, previous.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("sesv2", "DeleteConfigurationSet", { ConfigurationSetName: physicalId });
  },
});

async function retag(
  cx: ResourceContext,
  ResourceArn: string,
  own: ResourceTag[] | undefined,
  before: ResourceTag[] | undefined,
): Promise<void> {
  const TagKeys = cx.removedTagKeys(before, own);
  if (TagKeys.length > 0) await cx.call("sesv2", "UntagResource", { ResourceArn, TagKeys });
  await cx.call("sesv2", "TagResource", { ResourceArn, Tags: cx.mergedTags(own) });
}

export const resources: readonly ResourceType[] = [template, emailIdentity, configurationSet];
