import { SNSClient, GetTopicAttributesCommand } from "@aws-sdk/client-sns";
import { DeleteParameterCommand, GetParameterCommand, PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function summary({ cloud, output }: Running) {
  const { Parameter } = await cloud.client(SSMClient).send(new GetParameterCommand({ Name: output("Summary") }));
  return Parameter!.Value;
}

export const application: Application = {
  async prepare(cloud) {
    const Name = "/corpus/greeting";
    await cloud.client(SSMClient).send(new PutParameterCommand({ Name, Type: "String", Value: "good day" }));
  },
  async drive(running) {
    expect(await summary(running)).toBe("good day|green|128|2|good day");
    expect(() => running.output("Alarm")).toThrow();
  },
  update: (template) => template.replace('"loud"', '"very loud"'),
  updatedParameters: { Stage: "prod", Retries: "3" },
  async updated(running) {
    expect(await summary(running)).toBe("good day|green|512|very loud|3|good day");
    await running.cloud.client(SNSClient).send(new GetTopicAttributesCommand({ TopicArn: running.output("Alarm") }));
    const refused = running.cloud.deploy(`${running.folder}/template.yaml`, {
      stackName: running.stackName,
      parameters: { Stage: "prod", Retries: "1" },
    });
    await expect(refused).rejects.toThrow("prod tries more than once");
  },
  async clear({ cloud }) {
    await cloud.client(SSMClient).send(new DeleteParameterCommand({ Name: "/corpus/greeting" }));
  },
};
