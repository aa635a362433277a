import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from "@aws-sdk/client-iam";
import { CreateFunctionCommand, LambdaClient } from "@aws-sdk/client-lambda";
import {
  CreatePipeCommand,
  type CreatePipeCommandInput,
  DescribePipeCommand,
  PipesClient,
  type PipeState,
} from "@aws-sdk/client-pipes";
import {
  CreateQueueCommand,
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageCommand,
  type SendMessageCommandInput,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { startCloud, type Cloud, type CloudOptions } from "../../cloud.ts";
import { createArchive } from "../../functions/archive.ts";

export const ACCOUNT = "000000000000";
export const START_MS = Date.UTC(2026, 10, 24, 9, 0, 0);

export interface Queue {
  readonly url: string;
  readonly arn: string;
}

/** For the tests of pipes: a started cloud, and what all of them do. */
export class TestPipes {
  #count = 0;

  private constructor(readonly cloud: Cloud) {}

  static async start(options: CloudOptions = { ephemeral: true, startMs: START_MS }): Promise<TestPipes> {
    return new TestPipes(await startCloud({ clock: "frozen", ...options }));
  }

  get pipes(): PipesClient {
    return this.cloud.client(PipesClient, { maxAttempts: 1 });
  }

  name(prefix: string): string {
    return `${prefix}-${(this.#count += 1)}`;
  }

  async queue(Attributes: Record<string, string> = {}, name = this.name("queue")): Promise<Queue> {
    const QueueName = name + (Attributes["FifoQueue"] ? ".fifo" : "");
    const { QueueUrl } = await this.cloud.client(SQSClient).send(new CreateQueueCommand({ QueueName, Attributes }));
    return { url: QueueUrl!, arn: `arn:aws:sqs:us-east-1:${ACCOUNT}:${QueueName}` };
  }

  send({ url: QueueUrl }: Queue, body: unknown, more: Partial<SendMessageCommandInput> = {}) {
    const MessageBody = typeof body === "string" ? body : JSON.stringify(body);
    return this.cloud.client(SQSClient).send(new SendMessageCommand({ QueueUrl, MessageBody, ...more }));
  }

  /** Takes all that lies in a queue, once nothing is in flight. */
  async take({ url: QueueUrl }: Queue): Promise<Message[]> {
    await this.cloud.settled();
    const sqs = this.cloud.client(SQSClient);
    const taken: Message[] = [];
    for (;;) {
      const { Messages = [] } = await sqs.send(
        new ReceiveMessageCommand({ QueueUrl, MaxNumberOfMessages: 10, MessageSystemAttributeNames: ["All"] }),
      );
      if (Messages.length === 0) return taken;
      taken.push(...Messages);
      const Entries = Messages.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle }));
      await sqs.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
    }
  }

  async bodies(queue: Queue): Promise<string[]> {
    return (await this.take(queue)).map(({ Body }) => Body!);
  }

  async role(Action: string[] = ["*"], Service = "pipes.amazonaws.com"): Promise<string> {
    const RoleName = this.name("role");
    const iam = this.cloud.client(IAMClient);
    const document = (Statement: object) => JSON.stringify({ Version: "2012-10-17", Statement });
    const trust = { Effect: "Allow", Principal: { Service }, Action: "sts:AssumeRole" };
    await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument: document(trust) }));
    const PolicyDocument = document({ Effect: "Allow", Action, Resource: "*" });
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: "p", PolicyDocument }));
    return `arn:aws:iam::${ACCOUNT}:role/${RoleName}`;
  }

  /** @param code the body of an asynchronous function of `event` @returns its ARN */
  async lambda(code: string): Promise<string> {
    const FunctionName = this.name("function");
    await this.cloud.client(LambdaClient).send(
      new CreateFunctionCommand({
        FunctionName,
        Runtime: "nodejs22.x",
        Role: await this.role(["logs:*"], "lambda.amazonaws.com"),
        Handler: "index.handler",
        Code: { ZipFile: await createArchive({ "index.js": `exports.handler = async (event) => { ${code} };` }) },
      }),
    );
    return `arn:aws:lambda:us-east-1:${ACCOUNT}:function:${FunctionName}`;
  }

  /** Makes a pipe and waits until it is what it becomes. @returns its name */
  async pipe(input: Partial<CreatePipeCommandInput> & { Source: string; Target: string }): Promise<string> {
    const Name = input.Name ?? this.name("pipe");
    await this.pipes.send(new CreatePipeCommand({ ...input, Name, RoleArn: input.RoleArn ?? (await this.role()) }));
    await this.cloud.settled();
    return Name;
  }

  async stateOf(Name: string): Promise<{ state: PipeState; reason: string }> {
    const { CurrentState, StateReason } = await this.pipes.send(new DescribePipeCommand({ Name }));
    return { state: CurrentState!, reason: StateReason! };
  }
}

/** What a command failed with, as `CODE: MESSAGE`. @throws Error where it succeeded */
export async function failure(command: Promise<unknown>): Promise<string> {
  const error = await command.then(
    () => undefined,
    (cause: unknown) => cause as Error,
  );
  if (!error) throw new Error("The command succeeded");
  return `${error.name}: ${error.message}`;
}
