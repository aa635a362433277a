import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function send({ cloud, output }: Running, to: string) {
  const Payload = JSON.stringify({ to });
  const answer = await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName: output("Send"), Payload }));
  expect(answer.FunctionError, Buffer.from(answer.Payload!).toString()).toBeUndefined();
  return cloud.inbox.waitFor({ to });
}

export const application: Application = {
  async drive(running) {
    expect(await send(running, "hana@corpus.example")).toMatchObject({ subject: "Hello Hana" });
  },
  update: (template) => template.replace("Hello {{name}}", "Good day {{name}}"),
  async updated(running) {
    expect(await send(running, "taro@corpus.example")).toMatchObject({ subject: "Good day Hana" });
  },
};
