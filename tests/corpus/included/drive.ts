import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function delay({ cloud, output }: Running) {
  const ask = new GetQueueAttributesCommand({ QueueUrl: output("Queue"), AttributeNames: ["DelaySeconds"] });
  return (await cloud.client(SQSClient).send(ask)).Attributes!["DelaySeconds"];
}

export const application: Application = {
  async drive(running) {
    expect(await delay(running)).toBe("3");
  },
  update: (template) => template.replace("Topic: { Type: AWS::SNS::Topic }", "Other: { Type: AWS::SNS::Topic }"),
  async updated(running) {
    expect(await delay(running)).toBe("3");
  },
};
