import type { Destination } from "@aws-sdk/client-ses";
import type { Input, Output } from "../../../aws/api-types.ts";
import { AwsError } from "../../../aws/error.ts";
import { invalidParameter } from "../errors.ts";
import { compose, readRaw, rewriteRaw } from "../message.ts";
import { accept, type Accepted, type Cx, dispatch, refuse, type Sending } from "../sending.ts";
import { getTemplate, readData, renderToSend } from "../template.ts";

const VERSION = "v1";
const NOT_EMULATED = ["ReturnPath", "ReturnPathArn", "SourceArn", "FromArn", "TemplateArn"];

export async function sendEmail(cx: Cx, input: Input<"ses", "SendEmail">): Promise<Output<"ses", "SendEmail">> {
  refuse("ses:SendEmail", input, NOT_EMULATED);
  const { Destination: destination = {}, Message: message } = input;
  const sending = sendingOf(input.Source, destination, input.ConfigurationSetName);
  const accepted = accept(cx, sending);
  const raw = await compose(cx.kernel, cx.scope, accepted.id, {
    ...headersOf(sending, destination, input.ReplyToAddresses, input.Tags),
    subject: message?.Subject?.Data ?? "",
    text: message?.Body?.Text?.Data,
    html: message?.Body?.Html?.Data,
  });
  dispatch(cx, accepted, sending, raw);
  return { MessageId: accepted.id };
}

export async function sendRawEmail(
  cx: Cx,
  input: Input<"ses", "SendRawEmail">,
): Promise<Output<"ses", "SendRawEmail">> {
  refuse("ses:SendRawEmail", input, NOT_EMULATED);
  const data = input.RawMessage?.Data ?? new Uint8Array();
  const read = await readRaw(data);
  const from = input.Source ?? read.from;
  if (from === undefined) throw invalidParameter(VERSION, "Missing required header 'From'.");
  const sending: Sending = {
    version: VERSION,
    from,
    recipients: input.Destinations?.length ? input.Destinations : read.recipients,
    configurationSet: input.ConfigurationSetName,
  };
  const accepted = accept(cx, sending);
  dispatch(cx, accepted, sending, rewriteRaw(cx.kernel, cx.scope, accepted.id, data));
  return { MessageId: accepted.id };
}

export async function sendTemplatedEmail(
  cx: Cx,
  input: Input<"ses", "SendTemplatedEmail">,
): Promise<Output<"ses", "SendTemplatedEmail">> {
  refuse("ses:SendTemplatedEmail", input, NOT_EMULATED);
  const { Destination: destination = {}, Template: name = "" } = input;
  const sending = sendingOf(input.Source, destination, input.ConfigurationSetName);
  const template = { name, replyTo: input.ReplyToAddresses, tags: input.Tags };
  const accepted = await sendTemplate(cx, sending, destination, template, input.TemplateData);
  return { MessageId: accepted.id };
}

/** AWS: each destination succeeds or fails by itself. */
export async function sendBulkTemplatedEmail(
  cx: Cx,
  input: Input<"ses", "SendBulkTemplatedEmail">,
): Promise<Output<"ses", "SendBulkTemplatedEmail">> {
  refuse("ses:SendBulkTemplatedEmail", input, NOT_EMULATED);
  const name = input.Template ?? "";
  getTemplate(cx.state, cx.scope, VERSION, name);
  const defaults = readData(VERSION, name, input.DefaultTemplateData);
  const Status: NonNullable<Output<"ses", "SendBulkTemplatedEmail">["Status"]> = [];
  for (const { Destination: destination = {}, ReplacementTags, ReplacementTemplateData } of input.Destinations ?? []) {
    try {
      const data = JSON.stringify({ ...defaults, ...readData(VERSION, name, ReplacementTemplateData) });
      const sending = sendingOf(input.Source, destination, input.ConfigurationSetName);
      const template = { name, replyTo: input.ReplyToAddresses, tags: ReplacementTags ?? input.DefaultTags };
      const { id } = await sendTemplate(cx, sending, destination, template, data);
      Status.push({ Status: "Success", MessageId: id });
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      // A sender that is not verified fails the call as a whole.
      if (error.code === "MessageRejected") throw error;
      Status.push({ Status: bulkStatusOf(error), Error: error.message });
    }
  }
  return { Status };
}

interface TemplateUse {
  readonly name: string;
  readonly replyTo: readonly string[] | undefined;
  readonly tags: MessageTags | undefined;
}

async function sendTemplate(
  cx: Cx,
  sending: Sending,
  destination: Destination,
  { name, replyTo, tags }: TemplateUse,
  json: string | undefined,
): Promise<Accepted> {
  const parts = getTemplate(cx.state, cx.scope, VERSION, name);
  const data = readData(VERSION, name, json);
  const accepted = accept(cx, sending);
  const rendered = renderToSend(cx, VERSION, name, parts, data);
  if (!rendered) return accepted;
  const raw = await compose(cx.kernel, cx.scope, accepted.id, {
    ...headersOf(sending, destination, replyTo, tags),
    ...rendered,
  });
  dispatch(cx, accepted, sending, raw);
  return accepted;
}

type MessageTags = readonly { readonly Name?: string | undefined; readonly Value?: string | undefined }[];

function sendingOf(from: string | undefined, destination: Destination, configurationSet: string | undefined): Sending {
  const { ToAddresses = [], CcAddresses = [], BccAddresses = [] } = destination;
  return {
    version: VERSION,
    from: from ?? "",
    recipients: [...ToAddresses, ...CcAddresses, ...BccAddresses],
    configurationSet,
  };
}

function headersOf(
  { from }: Sending,
  { ToAddresses: to, CcAddresses: cc }: Destination,
  replyTo: readonly string[] | undefined,
  tags: MessageTags | undefined,
) {
  const headers = tags?.length
    ? [{ key: "X-SES-MESSAGE-TAGS", value: tags.map(({ Name, Value }) => `${Name}=${Value}`).join(", ") }]
    : [];
  return { from, to, cc, replyTo, headers };
}

function bulkStatusOf(error: AwsError) {
  if (error.code === "ConfigurationSetDoesNotExistException") return "ConfigurationSetDoesNotExist" as const;
  if (error.code === "AccountSendingPausedException") return "AccountSendingPaused" as const;
  if (error.code === "ConfigurationSetSendingPausedException") return "ConfigurationSetSendingPaused" as const;
  return "InvalidParameterValue" as const;
}
