import { createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as v1 from "@aws-sdk/client-ses";
import * as v2 from "@aws-sdk/client-sesv2";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Cloud, startCloud } from "../../cloud.ts";

let cloud: Cloud;
let ses: v1.SESClient;
let sesv2: v2.SESv2Client;
const FROM = "orders@shop.example";

beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2026, 1, 3), smtpPort: 0 });
  ses = cloud.client(v1.SESClient, { maxAttempts: 1 });
  sesv2 = cloud.client(v2.SESv2Client, { maxAttempts: 1 });
  await ses.send(new v1.VerifyDomainIdentityCommand({ Domain: "shop.example" }));
});
afterAll(() => cloud.close());

const text = (Data: string) => ({ Data });

describe("sending with the first API", () => {
  test("SendEmail arrives with its headers, blind copies only in the envelope", async () => {
    const { MessageId } = await ses.send(
      new v1.SendEmailCommand({
        Source: `Shop <${FROM}>`,
        Destination: {
          ToAddresses: ["ann@mail.example"],
          CcAddresses: ["cc@mail.example"],
          BccAddresses: ["b@mail.example"],
        },
        ReplyToAddresses: ["help@shop.example"],
        Message: {
          Subject: text("Ihre Bestellung – ご注文"),
          Body: { Text: text("Danke"), Html: text("<b>Danke</b>") },
        },
        Tags: [{ Name: "kind", Value: "order" }],
      }),
    );
    const message = await cloud.inbox.waitFor({ to: "ann@mail.example" });
    expect(message).toMatchObject({
      source: FROM,
      from: `Shop <${FROM}>`,
      to: ["ann@mail.example", "cc@mail.example", "b@mail.example"],
      subject: "Ihre Bestellung – ご注文",
      receivedAt: "2026-02-03T00:00:00.000Z",
      headers: {
        to: "ann@mail.example",
        cc: "cc@mail.example",
        "reply-to": "help@shop.example",
        "message-id": `<${MessageId}@email.amazonses.com>`,
        "x-ses-message-tags": "kind=order",
      },
    });
    expect(message.text?.trim()).toBe("Danke");
    expect(message.html?.trim()).toBe("<b>Danke</b>");
    expect(message.raw).not.toContain("b@mail.example");
  });

  test("SendRawEmail takes sender and recipients from the message, and rewrites Message-ID and Date", async () => {
    const raw = [
      `From: ${FROM}`,
      "To: raw@mail.example",
      "Bcc: hidden@mail.example",
      "Message-ID: <mine@here>",
      "Subject: raw",
      "",
      "the body",
    ].join("\r\n");
    const { MessageId } = await ses.send(new v1.SendRawEmailCommand({ RawMessage: { Data: Buffer.from(raw) } }));
    const message = await cloud.inbox.waitFor({ subject: "raw" });
    expect(message.to).toEqual(["raw@mail.example", "hidden@mail.example"]);
    expect(message.headers["message-id"]).toBe(`<${MessageId}@email.amazonses.com>`);
    expect(message.raw).not.toContain("hidden@mail.example");
    expect(message.text?.trim()).toBe("the body");
  });

  test("refuses by name what it would have to ignore", async () => {
    const Destination = { ToAddresses: ["ann@mail.example"] };
    const Body = { Text: text("x") };
    const first = new v1.SendEmailCommand({
      Source: FROM,
      Destination,
      ReturnPath: "bounces@shop.example",
      Message: { Subject: text("x"), Body },
    });
    await expect(ses.send(first)).rejects.toThrow("ReturnPath of ses:SendEmail");
    const second = new v2.SendEmailCommand({
      FromEmailAddress: FROM,
      Destination,
      FeedbackForwardingEmailAddress: "bounces@shop.example",
      Content: { Simple: { Subject: text("x"), Body } },
    });
    await expect(sesv2.send(second)).rejects.toThrow("FeedbackForwardingEmailAddress of sesv2:SendEmail");
  });

  test("refuses a sender that is not verified, in AWS's words", async () => {
    const send = (Source: string) =>
      ses.send(
        new v1.SendEmailCommand({
          Source,
          Destination: { ToAddresses: ["ann@mail.example"] },
          Message: { Subject: text("x"), Body: { Text: text("x") } },
        }),
      );
    await expect(send("who@else.example")).rejects.toMatchObject({
      name: "MessageRejected",
      message:
        "Email address is not verified. The following identities failed the check in region US-EAST-1: who@else.example",
    });
    await ses.send(new v1.VerifyEmailIdentityCommand({ EmailAddress: "who@else.example" }));
    expect((await send("who@else.example")).MessageId).toMatch(/^[0-9a-f]{16}-[0-9a-f-]{36}-000000$/);
    const { VerificationAttributes } = await ses.send(
      new v1.GetIdentityVerificationAttributesCommand({ Identities: ["who@else.example", "nobody@else.example"] }),
    );
    expect(VerificationAttributes).toEqual({ "who@else.example": { VerificationStatus: "Success" } });
    await ses.send(new v1.DeleteIdentityCommand({ Identity: "who@else.example" }));
    await expect(send("who@else.example")).rejects.toMatchObject({ name: "MessageRejected" });
  });

  test("templates: kept, rendered, sent one by one and in bulk", async () => {
    const Template = {
      TemplateName: "welcome",
      SubjectPart: "Hi {{name}}",
      TextPart: "{{#each items}}{{this}};{{/each}}{{#if vip}}VIP{{else}}no{{/if}} {{address.city}}",
      HtmlPart: "<p>{{name}}</p>",
    };
    await ses.send(new v1.CreateTemplateCommand({ Template }));
    await expect(ses.send(new v1.CreateTemplateCommand({ Template }))).rejects.toMatchObject({
      name: "AlreadyExistsException",
      message: "Template welcome already exists.",
    });
    expect((await ses.send(new v1.GetTemplateCommand({ TemplateName: "welcome" }))).Template).toEqual(Template);
    const data = { name: "O'Hara & <b>", items: ["a", "b"], address: { city: "Kyoto" } };
    await ses.send(
      new v1.SendTemplatedEmailCommand({
        Source: FROM,
        Destination: { ToAddresses: ["template@mail.example"] },
        Template: "welcome",
        TemplateData: JSON.stringify(data),
      }),
    );
    const message = await cloud.inbox.waitFor({ to: "template@mail.example" });
    expect([message.subject, message.text?.trim()]).toEqual(["Hi O'Hara & <b>", "a;b;no Kyoto"]);
    const rendered = await ses.send(
      new v1.TestRenderTemplateCommand({ TemplateName: "welcome", TemplateData: JSON.stringify(data) }),
    );
    expect(rendered.RenderedTemplate).toContain("Subject: Hi O'Hara & <b>");
    await expect(
      ses.send(new v1.TestRenderTemplateCommand({ TemplateName: "welcome", TemplateData: '{"items":[]}' })),
    ).rejects.toMatchObject({
      name: "MissingRenderingAttributeException",
      message: "Attribute 'name' is not present in the rendering data.",
    });
    await expect(
      ses.send(new v1.TestRenderTemplateCommand({ TemplateName: "welcome", TemplateData: "{" })),
    ).rejects.toMatchObject({ name: "InvalidRenderingParameterException" });
    const bulk = await ses.send(
      new v1.SendBulkTemplatedEmailCommand({
        Source: FROM,
        Template: "welcome",
        DefaultTemplateData: JSON.stringify({ ...data, name: "friend" }),
        Destinations: [
          { Destination: { ToAddresses: ["bulk1@mail.example"] }, ReplacementTemplateData: '{"name":"One"}' },
          { Destination: { ToAddresses: ["bulk2@mail.example"] }, ReplacementTemplateData: "{}" },
        ],
      }),
    );
    expect(bulk.Status?.map(({ Status }) => Status)).toEqual(["Success", "Success"]);
    expect((await cloud.inbox.waitFor({ to: "bulk1@mail.example" })).subject).toBe("Hi One");
    expect((await cloud.inbox.waitFor({ to: "bulk2@mail.example" })).subject).toBe("Hi friend");
    await ses.send(new v1.DeleteTemplateCommand({ TemplateName: "welcome" }));
    await expect(ses.send(new v1.GetTemplateCommand({ TemplateName: "welcome" }))).rejects.toMatchObject({
      name: "TemplateDoesNotExistException",
      message: "Template welcome does not exist.",
    });
  });

  test("configuration sets and quotas", async () => {
    const ConfigurationSetName = "marketing";
    await ses.send(new v1.CreateConfigurationSetCommand({ ConfigurationSet: { Name: ConfigurationSetName } }));
    const { ConfigurationSets } = await ses.send(new v1.ListConfigurationSetsCommand({}));
    expect(ConfigurationSets).toEqual([{ Name: "marketing" }]);
    const send = (name: string) =>
      ses.send(
        new v1.SendEmailCommand({
          Source: FROM,
          ConfigurationSetName: name,
          Destination: { ToAddresses: ["set@mail.example"] },
          Message: { Subject: text("x"), Body: { Text: text("x") } },
        }),
      );
    await expect(send("missing")).rejects.toMatchObject({ name: "ConfigurationSetDoesNotExistException" });
    await ses.send(new v1.UpdateConfigurationSetSendingEnabledCommand({ ConfigurationSetName, Enabled: false }));
    await expect(send(ConfigurationSetName)).rejects.toMatchObject({ name: "ConfigurationSetSendingPausedException" });
    const before = await ses.send(new v1.GetSendQuotaCommand({}));
    await ses.send(new v1.UpdateConfigurationSetSendingEnabledCommand({ ConfigurationSetName, Enabled: true }));
    await send(ConfigurationSetName);
    const after = await ses.send(new v1.GetSendQuotaCommand({}));
    expect(after).toMatchObject({ Max24HourSend: 50000, MaxSendRate: 14 });
    expect(after.SentLast24Hours! - before.SentLast24Hours!).toBe(1);
    const { SendDataPoints } = await ses.send(new v1.GetSendStatisticsCommand({}));
    expect(SendDataPoints?.[0]?.DeliveryAttempts).toBe(after.SentLast24Hours);
  });
});

describe("sending with the second API", () => {
  test("simple, raw and templated, with attachments", async () => {
    await sesv2.send(
      new v2.SendEmailCommand({
        FromEmailAddress: FROM,
        Destination: { ToAddresses: ["simple@mail.example"] },
        Content: {
          Simple: {
            Subject: text("simple"),
            Body: { Text: text("hello") },
            Headers: [{ Name: "X-Mine", Value: "yes" }],
            Attachments: [{ FileName: "a.txt", RawContent: Buffer.from("attached"), ContentType: "text/plain" }],
          },
        },
      }),
    );
    const simple = await cloud.inbox.waitFor({ subject: "simple" });
    expect(simple.headers["x-mine"]).toBe("yes");
    expect(simple.attachments).toEqual([
      { name: "a.txt", contentType: "text/plain", content: Buffer.from("attached").toString("base64") },
    ]);
    const Data = Buffer.from(`From: ${FROM}\r\nTo: v2raw@mail.example\r\nSubject: v2 raw\r\n\r\nbody`);
    await sesv2.send(new v2.SendEmailCommand({ Content: { Raw: { Data } } }));
    expect((await cloud.inbox.waitFor({ subject: "v2 raw" })).to).toEqual(["v2raw@mail.example"]);
    const TemplateContent = { Subject: "Hi {{name}}", Text: "text {{name}}" };
    await sesv2.send(new v2.CreateEmailTemplateCommand({ TemplateName: "v2", TemplateContent }));
    const results = await sesv2.send(
      new v2.SendBulkEmailCommand({
        FromEmailAddress: FROM,
        DefaultContent: { Template: { TemplateName: "v2", TemplateData: '{"name":"all"}' } },
        BulkEmailEntries: [
          {
            Destination: { ToAddresses: ["v2bulk@mail.example"] },
            ReplacementEmailContent: { ReplacementTemplate: { ReplacementTemplateData: '{"name":"you"}' } },
          },
          { Destination: { ToAddresses: ["v2rest@mail.example"] } },
        ],
      }),
    );
    expect(results.BulkEmailEntryResults?.map(({ Status }) => Status)).toEqual(["SUCCESS", "SUCCESS"]);
    expect((await cloud.inbox.waitFor({ to: "v2bulk@mail.example" })).subject).toBe("Hi you");
    expect((await cloud.inbox.waitFor({ to: "v2rest@mail.example" })).subject).toBe("Hi all");
    await expect(
      sesv2.send(new v2.TestRenderEmailTemplateCommand({ TemplateName: "v2", TemplateData: "{}" })),
    ).rejects.toMatchObject({ name: "BadRequestException" });
  });

  test("identities", async () => {
    const EmailIdentity = "new.example";
    expect(await sesv2.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }))).toMatchObject({
      IdentityType: "DOMAIN",
      VerifiedForSendingStatus: true,
      DkimAttributes: { Status: "SUCCESS" },
    });
    await expect(sesv2.send(new v2.CreateEmailIdentityCommand({ EmailIdentity }))).rejects.toMatchObject({
      name: "AlreadyExistsException",
    });
    await sesv2.send(new v2.DeleteEmailIdentityCommand({ EmailIdentity }));
    await expect(sesv2.send(new v2.GetEmailIdentityCommand({ EmailIdentity }))).rejects.toMatchObject({
      name: "NotFoundException",
    });
  });

  test("what is on the suppression list is not delivered", async () => {
    const EmailAddress = "Bounced@mail.example";
    await sesv2.send(new v2.PutSuppressedDestinationCommand({ EmailAddress, Reason: "BOUNCE" }));
    const send = (subject: string) =>
      sesv2.send(
        new v2.SendEmailCommand({
          FromEmailAddress: FROM,
          Destination: { ToAddresses: [EmailAddress, "fine@mail.example"] },
          Content: { Simple: { Subject: text(subject), Body: { Text: text("x") } } },
        }),
      );
    await send("suppressed");
    expect((await cloud.inbox.waitFor({ subject: "suppressed" })).to).toEqual(["fine@mail.example"]);
    const { SuppressedDestinationSummaries } = await sesv2.send(new v2.ListSuppressedDestinationsCommand({}));
    expect(SuppressedDestinationSummaries).toMatchObject([{ EmailAddress: "bounced@mail.example", Reason: "BOUNCE" }]);
    await sesv2.send(new v2.DeleteSuppressedDestinationCommand({ EmailAddress }));
    await send("released");
    expect((await cloud.inbox.waitFor({ subject: "released" })).to).toHaveLength(2);
  });
});

describe("the inbox", () => {
  test("takes mail of any SMTP client", async () => {
    const client = createTransport({ host: "127.0.0.1", port: cloud.smtpPort!, auth: { user: "any", pass: "thing" } });
    await client.sendMail({
      from: "app@any.example",
      to: ["smtp@mail.example"],
      subject: "by SMTP",
      html: "<i>hello</i>",
      attachments: [{ filename: "b.bin", content: Buffer.from([0, 255, 1]) }],
    });
    client.close();
    const message = await cloud.inbox.waitFor({ to: /^smtp@/ });
    expect([message.subject, message.html?.trim()]).toEqual(["by SMTP", "<i>hello</i>"]);
    expect(message.attachments[0]?.content).toBe(Buffer.from([0, 255, 1]).toString("base64"));
    expect(cloud.inbox.list().map(({ id }) => id)).toContain(message.id);
    expect(await cloud.inbox.message("nothing")).toBeUndefined();
  });

  test("says what it has when the awaited does not come", async () => {
    await expect(cloud.inbox.waitFor({ subject: "never sent", timeoutMs: 20 })).rejects.toThrow(
      /No matching message within 20 ms\. Received: .*"by SMTP" to smtp@mail\.example/,
    );
  });

  test("takes what other services hand over", async () => {
    cloud.kernel.deliveries.accept("mail", {
      source: "no-reply@sns.amazonaws.com",
      destinations: ["subscriber@mail.example"],
      raw: "From: no-reply@sns.amazonaws.com\r\nTo: subscriber@mail.example\r\nSubject: handed over\r\n\r\nä",
    });
    await cloud.settled();
    expect((await cloud.inbox.waitFor({ subject: "handed over" })).to).toEqual(["subscriber@mail.example"]);
  });

  test("is kept, and sends on to a relay", async () => {
    const dataDirectory = mkdtempSync(join(tmpdir(), "ses-restart-"));
    const upstream = await startCloud({ ephemeral: true, smtpPort: 0 });
    try {
      const smtpRelay = { host: "127.0.0.1", port: upstream.smtpPort! };
      const first = await startCloud({ dataDirectory, smtpRelay });
      const raw = `From: ${FROM}\r\nTo: far@mail.example\r\nSubject: relayed\r\n\r\nx`;
      first.kernel.deliveries.accept("mail", { source: FROM, destinations: ["far@mail.example"], raw });
      const relayed = await upstream.inbox.waitFor({ subject: "relayed" });
      expect([relayed.source, relayed.to]).toEqual([FROM, ["far@mail.example"]]);
      await first.settled();
      await first.close();
      const second = await startCloud({ dataDirectory });
      expect(second.inbox.list().map(({ subject }) => subject)).toEqual(["relayed"]);
      await second.close();
    } finally {
      await upstream.close();
      rmSync(dataDirectory, { recursive: true });
    }
  });

  test("says that its port is taken", async () => {
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => holder.once("listening", resolve));
    const { port } = holder.address() as { port: number };
    await expect(startCloud({ ephemeral: true, smtpPort: port })).rejects.toMatchObject({ code: "EADDRINUSE" });
    holder.close();
  });
});

test("deploys from a template", async () => {
  const template = {
    Resources: {
      Set: { Type: "AWS::SES::ConfigurationSet", Properties: { SendingOptions: { SendingEnabled: true } } },
      Identity: { Type: "AWS::SES::EmailIdentity", Properties: { EmailIdentity: "deployed.example" } },
      Template: {
        Type: "AWS::SES::Template",
        Properties: { Template: { TemplateName: "deployed", SubjectPart: "Deployed {{x}}", TextPart: "t" } },
      },
    },
    Outputs: { Token: { Value: { "Fn::GetAtt": ["Identity", "DkimDNSTokenName1"] } }, Set: { Value: { Ref: "Set" } } },
  };
  const { stacks } = await cloud.deploy(template, { stackName: "mail" });
  const outputs = Object.fromEntries(stacks[0]!.outputs.map(({ key, value }) => [key, value]));
  expect(outputs["Token"]).toMatch(/\._domainkey\.deployed\.example$/);
  await sesv2.send(
    new v2.SendEmailCommand({
      FromEmailAddress: "hello@deployed.example",
      ConfigurationSetName: outputs["Set"],
      Destination: { ToAddresses: ["d@mail.example"] },
      Content: { Template: { TemplateName: "deployed", TemplateData: '{"x":1}' } },
    }),
  );
  expect((await cloud.inbox.waitFor({ to: "d@mail.example" })).subject).toBe("Deployed 1");
});
