/**
 * How long a deployment takes after synth: 30 resources, the same again without a change, and how it grows to 200.
 * Goals: 30 resources in 1 s at most, no change in 200 ms at most, 200 resources in line with 30.
 */
import { startCloud } from "@katachi/cloud";

const ROUNDS = 5;

/**
 * An application as people have it: of each ten resources one function with its role, log group and mapping, queues,
 * tables, topics and parameters.
 * @param {number} count of resources, a multiple of ten
 */
function template(count) {
  /** @type {Record<string, object>} */
  const Resources = {};
  for (let i = 0; i < count / 10; i++) {
    const arn = (/** @type {string} */ id) => ({ "Fn::GetAtt": [`${id}${i}`, "Arn"] });
    const statement = {
      Effect: "Allow",
      Action: ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
    };
    Object.assign(Resources, {
      [`Dead${i}`]: { Type: "AWS::SQS::Queue" },
      [`Jobs${i}`]: {
        Type: "AWS::SQS::Queue",
        Properties: { RedrivePolicy: { deadLetterTargetArn: arn("Dead"), maxReceiveCount: 3 } },
      },
      [`Table${i}`]: {
        Type: "AWS::DynamoDB::Table",
        Properties: {
          BillingMode: "PAY_PER_REQUEST",
          AttributeDefinitions: [{ AttributeName: "id", AttributeType: "S" }],
          KeySchema: [{ AttributeName: "id", KeyType: "HASH" }],
        },
      },
      [`Role${i}`]: {
        Type: "AWS::IAM::Role",
        Properties: {
          AssumeRolePolicyDocument: {
            Version: "2012-10-17",
            Statement: [{ Effect: "Allow", Principal: { Service: "lambda.amazonaws.com" }, Action: "sts:AssumeRole" }],
          },
          Policies: [
            {
              PolicyName: "jobs",
              PolicyDocument: { Version: "2012-10-17", Statement: [{ ...statement, Resource: arn("Jobs") }] },
            },
          ],
        },
      },
      [`Worker${i}`]: {
        Type: "AWS::Lambda::Function",
        Properties: {
          Runtime: "nodejs24.x",
          Handler: "index.handler",
          Role: arn("Role"),
          Code: { ZipFile: "exports.handler = async () => 1;" },
          Environment: { Variables: { TABLE: { Ref: `Table${i}` } } },
        },
      },
      [`Feed${i}`]: {
        Type: "AWS::Lambda::EventSourceMapping",
        Properties: { FunctionName: { Ref: `Worker${i}` }, EventSourceArn: arn("Jobs") },
      },
      [`Topic${i}`]: { Type: "AWS::SNS::Topic" },
      [`Subscription${i}`]: {
        Type: "AWS::SNS::Subscription",
        Properties: { TopicArn: { Ref: `Topic${i}` }, Protocol: "sqs", Endpoint: arn("Jobs") },
      },
      [`Log${i}`]: { Type: "AWS::Logs::LogGroup" },
      [`Setting${i}`]: { Type: "AWS::SSM::Parameter", Properties: { Type: "String", Value: { Ref: `Jobs${i}` } } },
    });
  }
  return { Resources };
}

/** @param {number[]} times */
const median = (times) => times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/** @param {number} count @param {number} rounds */
async function measure(count, rounds) {
  const cloud = await startCloud({ ephemeral: true });
  await cloud.deploy(template(10), { stackName: "warm" });
  /** @type {{ create: number[], same: number[], remove: number[] }} */
  const times = { create: [], same: [], remove: [] };
  const timed = async (/** @type {number[]} */ into, /** @type {() => Promise<unknown>} */ work) => {
    const at = performance.now();
    await work();
    into.push(performance.now() - at);
  };
  for (let round = 0; round < rounds; round++) {
    const stackName = `stack-${round}`;
    await timed(times.create, () => cloud.deploy(template(count), { stackName }));
    await timed(times.same, () => cloud.deploy(template(count), { stackName }));
    await timed(times.remove, async () => {
      await cloud.call("cloudformation", "DeleteStack", { StackName: stackName });
      await cloud.settled();
    });
  }
  await cloud.close();
  return { create: median(times.create), same: median(times.same), remove: median(times.remove) };
}

const small = await measure(30, ROUNDS);
const large = await measure(200, 3);
const perResource = large.create / 200 / (small.create / 30);
const row = (/** @type {string} */ what, /** @type {number} */ value, /** @type {number} */ goal, unit = "ms") =>
  console.log(
    `${what.padEnd(46)} ${value.toFixed(unit === "ms" ? 0 : 2).padStart(7)} ${unit}  goal ≤ ${goal} ${value <= goal ? "ok" : "MISSED"}`,
  );
row("30 resources, create", small.create, 1000);
row("30 resources, no change", small.same, 200);
row("200 resources, create: time a resource to that of 30", perResource, 1.5, "x");
row("200 resources, no change", large.same, 200);
console.log(
  `30 resources, delete ${small.remove.toFixed(0)} ms; 200 resources, create ${large.create.toFixed(0)} ms, delete ${large.remove.toFixed(0)} ms`,
);
