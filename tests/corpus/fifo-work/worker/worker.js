// @ts-nocheck: as it is in an application that knows no types
const { SQSClient, SendMessageCommand } = require("@aws-sdk/client-sqs");
const sqs = new SQSClient({});

/** The second step of an account fails the first time. */
exports.handler = async ({ Records }) => {
  const failed = [];
  for (const { messageId, body, attributes } of Records) {
    const first = attributes.ApproximateReceiveCount === "1";
    if (failed.length > 0 || (body.endsWith("-fails-once") && first)) failed.push(messageId);
    else
      await sqs.send(
        new SendMessageCommand({ QueueUrl: process.env.DONE, MessageBody: `${process.env.MARK} ${body}` }),
      );
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
};
