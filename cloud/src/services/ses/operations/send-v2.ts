import type { Attachment, Destination, MessageHeader, MessageTag, Template } from "@aws-sdk/client-sesv2";
import type { Input, Output } from "../../../aws/api-types.ts";
import { findArn } from "../../../aws/arn.ts";
import { AwsError } from "../../../aws/error.ts";
import { badRequest } from "../errors.ts";
import { compose, type MessageAttachment, readRaw, rewriteRaw } from "../message.ts";
import type { TemplateParts } from "../rendering.ts";
import { accept, type Accepted, type Cx, dispatch, type Sending, refuse } from "../sending.ts";
import { getTemplate, readData, renderToSend } from "../template.ts";

const VERSION = "v2";
const NOT_EMULATED = [
  "EndpointId",
  "TenantName",
  "ListManagementOptions",
  "ConfigurationOverrides",
  "FromEmailAddressIdentityArn",
  "FeedbackForwardingEmailAddress",
  "FeedbackForwardingEmailAddressIdentityArn",
];

export async function sendEmail(cx: Cx, input: Input<"sesv2", "SendEmail">): Promise<Output<"sesv2", "SendEmail">> {
  refuse("sesv2:SendEmail", input, NOT_EMULATED);
  const { Content: content, Destination: destination = {} } = input;
  if (content?.Raw) return sendRaw(cx, input, content.Raw.Data ?? new Uint8Array());
  const sending = sendingOf(cx, input, destination);
  const headers = { replyTo: input.ReplyToAddresses, tags: input.EmailTags };
  if (content?.Template) {
    const { Headers, Attachments } = content.Template;
    const parts = partsOf(cx, content.Template);
    const data = readData(VERSION, parts.name, content.Template.TemplateData);
    const more = { ...headers, headers: Headers, attachments: Attachments };
    const { id } = await sendParts(cx, sending, destination, parts, data, more);
    return { MessageId: id };
  }
  if (!content?.Simple) throw badRequest("Email content must be specified.");
  const { Subject, Body, Headers, Attachments } = content.Simple;
  const accepted = accept(cx, sending);
  const raw = await compose(cx.kernel, cx.scope, accepted.id, {
    ...envelopeOf(sending, destination, { ...headers, headers: Headers, attachments: Attachments }),
    subject: Subject?.Data ?? "",
    text: Body?.Text?.Data,
    html: Body?.Html?.Data,
  });
  dispatch(cx, accepted, sending, raw);
  return { MessageId: accepted.id };
}

async function sendRaw(
  cx: Cx,
  input: Input<"sesv2", "SendEmail">,
  data: Uint8Array,
): Promise<Output<"sesv2", "SendEmail">> {
  const read = await readRaw(data);
  const from = input.FromEmailAddress ?? read.from;
  if (from === undefined) throw badRequest("Missing required header 'From'.");
  const given = recipientsOf(input.Destination ?? {});
  const sending: Sending = {
    version: VERSION,
    from,
    recipients: given.length > 0 ? given : read.recipients,
    configurationSet: input.ConfigurationSetName,
  };
  const accepted = accept(cx, sending);
  dispatch(cx, accepted, sending, rewriteRaw(cx.kernel, cx.scope, accepted.id, data));
  return { MessageId: accepted.id };
}

/** AWS: each entry succeeds or fails by itself. */
export async function sendBulkEmail(
  cx: Cx,
  input: Input<"sesv2", "SendBulkEmail">,
): Promise<Output<"sesv2", "SendBulkEmail">> {
  refuse("sesv2:SendBulkEmail", input, NOT_EMULATED);
  const template = input.DefaultContent?.Template;
  if (!template) throw badRequest("Template must be specified.");
  const parts = partsOf(cx, template);
  const defaults = readData(VERSION, parts.name, template.TemplateData);
  const results: NonNullable<Output<"sesv2", "SendBulkEmail">["BulkEmailEntryResults"]> = [];
  for (const entry of input.BulkEmailEntries ?? []) {
    const { Destination: destination = {}, ReplacementEmailContent, ReplacementTags, ReplacementHeaders } = entry;
    try {
      const replacement = ReplacementEmailContent?.ReplacementTemplate?.ReplacementTemplateData;
      const data = { ...defaults, ...readData(VERSION, parts.name, replacement) };
      const { id } = await sendParts(cx, sendingOf(cx, input, destination), destination, parts, data, {
        replyTo: input.ReplyToAddresses,
        tags: ReplacementTags ?? input.DefaultEmailTags,
        headers: ReplacementHeaders ?? template.Headers,
        attachments: template.Attachments,
      });
      results.push({ Status: "SUCCESS", MessageId: id });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      results.push({ Status: bulkStatusOf(error), Error: error.message });
    }
  }
  return { BulkEmailEntryResults: results };
}

interface Extras {
  readonly replyTo: string[] | undefined;
  readonly tags: MessageTag[] | undefined;
  readonly headers: MessageHeader[] | undefined;
  readonly attachments: Attachment[] | undefined;
}

async function sendParts(
  cx: Cx,
  sending: Sending,
  destination: Destination,
  parts: TemplateParts & { readonly name: string },
  data: Record<string, unknown>,
  extras: Extras,
): Promise<Accepted> {
  const accepted = accept(cx, sending);
  const rendered = renderToSend(cx, VERSION, parts.name, parts, data);
  if (!rendered) return accepted;
  const envelope = envelopeOf(sending, destination, extras);
  dispatch(cx, accepted, sending, await compose(cx.kernel, cx.scope, accepted.id, { ...envelope, ...rendered }));
  return accepted;
}

/** A template kept here, by name or ARN, or given with the call. */
function partsOf(cx: Cx, template: Template): TemplateParts & { readonly name: string } {
  const { TemplateName, TemplateArn, TemplateContent } = template;
  if (TemplateContent)
    return {
      name: "",
      subject: TemplateContent.Subject ?? "",
      text: TemplateContent.Text,
      html: TemplateContent.Html,
    };
  const name = TemplateName ?? findArn(TemplateArn ?? "")?.resource.replace(/^template\//, "");
  if (name === undefined) throw badRequest("Template name must be specified.");
  return getTemplate(cx.state, cx.scope, VERSION, name);
}

interface SendingInput {
  readonly FromEmailAddress?: string | undefined;
  readonly ConfigurationSetName?: string | undefined;
}

function sendingOf(_: Cx, input: SendingInput, destination: Destination): Sending {
  if (input.FromEmailAddress === undefined) throw badRequest("From address must be specified.");
  return {
    version: VERSION,
    from: input.FromEmailAddress,
    recipients: recipientsOf(destination),
    configurationSet: input.ConfigurationSetName,
  };
}

function recipientsOf({ ToAddresses = [], CcAddresses = [], BccAddresses = [] }: Destination): string[] {
  return [...ToAddresses, ...CcAddresses, ...BccAddresses];
}

function envelopeOf({ from }: Sending, destination: Destination, extras: Extras | Omit<Extras, "headers">) {
  const { replyTo, tags } = extras;
  const own = "headers" in extras ? (extras.headers ?? []) : [];
  const headers = own.map(({ Name, Value }) => ({ key: Name!, value: Value! }));
  if (tags?.length)
    headers.push({
      key: "X-SES-MESSAGE-TAGS",
      value: tags.map(({ Name, Value }) => `${Name}=${Value}`).join(", "),
    });
  const attachments = (extras.attachments ?? []).map(attachmentOf);
  return { from, to: destination.ToAddresses, cc: destination.CcAddresses, replyTo, headers, attachments };
}

function attachmentOf(attachment: Attachment): MessageAttachment {
  return {
    content: Buffer.from(attachment.RawContent ?? new Uint8Array()),
    filename: attachment.FileName,
    contentType: attachment.ContentType,
    cid: attachment.ContentId,
    contentDisposition: attachment.ContentDisposition === "INLINE" ? "inline" : "attachment",
  };
}

function bulkStatusOf(error: AwsError) {
  if (error.code === "MessageRejected") return "MESSAGE_REJECTED" as const;
  if (error.code === "NotFoundException") return "CONFIGURATION_SET_NOT_FOUND" as const;
  if (error.code === "SendingPausedException") return "ACCOUNT_SENDING_PAUSED" as const;
  return "INVALID_PARAMETER" as const;
}
