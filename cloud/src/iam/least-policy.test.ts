import { expect, it } from "vitest";
import { leastPolicy } from "./least-policy.ts";

it("grants exactly what was denied", () => {
  const denials = [
    { action: "dynamodb:PutItem", resource: "arn:t" },
    { action: "dynamodb:GetItem", resource: "arn:t" },
    { action: "dynamodb:GetItem", resource: "arn:t" },
    { action: "sqs:SendMessage", resource: "arn:q2" },
    { action: "sqs:SendMessage", resource: "arn:q1" },
    { action: "s3:ListAllMyBuckets", resource: "*" },
  ];
  expect(leastPolicy(denials)).toEqual({
    Version: "2012-10-17",
    Statement: [
      { Effect: "Allow", Action: ["dynamodb:GetItem", "dynamodb:PutItem"], Resource: ["arn:t"] },
      { Effect: "Allow", Action: ["sqs:SendMessage"], Resource: ["arn:q1", "arn:q2"] },
      { Effect: "Allow", Action: ["s3:ListAllMyBuckets"], Resource: ["*"] },
    ],
  });
});
