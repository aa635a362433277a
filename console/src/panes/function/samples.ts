const iso = "2026-01-15T09:00:00.000Z";

/** Events as the services send them, cut to what handlers read. */
export const SAMPLES: Readonly<Record<string, unknown>> = {
  "HTTP API": {
    version: "2.0",
    routeKey: "POST /orders",
    rawPath: "/orders",
    rawQueryString: "",
    headers: { "content-type": "application/json" },
    requestContext: {
      http: { method: "POST", path: "/orders", sourceIp: "127.0.0.1" },
      requestId: "sample",
      stage: "$default",
    },
    body: '{"customer":"山田 花子"}',
    isBase64Encoded: false,
  },
  SQS: {
    Records: [
      {
        messageId: "sample-1",
        receiptHandle: "sample",
        body: '{"order":"42"}',
        attributes: {},
        messageAttributes: {},
        eventSource: "aws:sqs",
        awsRegion: "us-east-1",
      },
    ],
  },
  SNS: {
    Records: [
      {
        EventSource: "aws:sns",
        Sns: { MessageId: "sample-1", Subject: null, Message: '{"order":"42"}', Timestamp: iso, MessageAttributes: {} },
      },
    ],
  },
  EventBridge: {
    version: "0",
    id: "sample-1",
    "detail-type": "OrderPlaced",
    source: "shop",
    time: iso,
    region: "us-east-1",
    resources: [],
    detail: { order: "42" },
  },
  S3: {
    Records: [
      {
        eventSource: "aws:s3",
        eventName: "ObjectCreated:Put",
        eventTime: iso,
        s3: { bucket: { name: "sample" }, object: { key: "photo.jpg", size: 1024 } },
      },
    ],
  },
  "DynamoDB Streams": {
    Records: [
      {
        eventID: "1",
        eventName: "INSERT",
        eventSource: "aws:dynamodb",
        dynamodb: { Keys: { id: { S: "42" } }, NewImage: { id: { S: "42" } }, StreamViewType: "NEW_AND_OLD_IMAGES" },
      },
    ],
  },
};
