import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ReceiveMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect } from "vitest";
import type { Application } from "../corpus.ts";

export const application: Application = {
  async drive({ cloud, output }) {
    expect(await (await fetch(output("Url"))).text()).toBe("one");
    const FunctionName = `${output("Function")}:live`;
    await cloud.client(LambdaClient).send(new InvokeCommand({ FunctionName, InvocationType: "Event" }));
    await cloud.settled();
    const { Messages } = await cloud.client(SQSClient).send(new ReceiveMessageCommand({ QueueUrl: output("Done") }));
    expect(JSON.parse(Messages![0]!.Body!)).toMatchObject({
      requestContext: { condition: "Success" },
      responsePayload: "one",
    });
  },
  update: (template) => template.replace('"one"', '"two"'),
  async updated({ output }) {
    expect(await (await fetch(output("Url"))).text()).toBe("two");
  },
  // SAM: versions are kept, so that an alias can be turned back; they go with their function.
};
