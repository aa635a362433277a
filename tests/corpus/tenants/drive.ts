import { GetQueueUrlCommand, SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function directory({ cloud, output }: Running) {
  const { Parameter } = await cloud.client(SSMClient).send(new GetParameterCommand({ Name: output("Directory") }));
  return JSON.parse(Parameter!.Value!) as unknown;
}
async function send({ cloud }: Running, tenant: string) {
  const sqs = cloud.client(SQSClient);
  const { QueueUrl } = await sqs.send(new GetQueueUrlCommand({ QueueName: `tenant-${tenant}` }));
  await sqs.send(new SendMessageCommand({ QueueUrl, MessageBody: "hello" }));
}

export const application: Application = {
  async drive(running) {
    await send(running, "hana");
    await send(running, "taro");
    expect(await directory(running)).toMatchObject({ tenants: ["hana", "taro"] });
  },
  update: (template) => template.replace("hana,taro", "hana,jiro,saburo"),
  async updated(running) {
    await send(running, "jiro");
    await expect(send(running, "taro")).rejects.toThrow("does not exist");
    expect(await directory(running)).toMatchObject({ tenants: ["hana", "jiro", "saburo"] });
  },
};
