import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function show({ cloud, output }: Running) {
  const { Payload } = await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName: output("Show") }));
  return JSON.parse(Buffer.from(Payload!).toString()) as unknown;
}

export const application: Application = {
  async drive(running) {
    expect(await show(running)).toEqual({ user: "app", passwordLength: 24, decrypted: "hidden" });
  },
  // The alias is named anew, so replaced, and the function follows it.
  update: (template) => template.replace('alias/${AWS::StackName}"', 'alias/${AWS::StackName}-two"'),
  async updated(running) {
    expect(await show(running)).toMatchObject({ decrypted: "hidden" });
  },
};
