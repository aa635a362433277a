import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError } from "./error.ts";
import { expectMap } from "./expect.ts";
import { conditional, getAtt, hashedId, ifArguments, isNoValue, isTruthy, type Json } from "./json.ts";
import { destinationPolicy } from "./policies.ts";

const KINDS = ["SQS", "SNS", "EventBridge", "Lambda", "S3Bucket"];

interface Destinations {
  readonly made: Made[];
  readonly policies: Json[];
}

/** `EventInvokeConfig`: the configuration of asynchronous calls, and queues or topics that have to be made for it. */
export function makeDestinations(context: Context, source: Source, alias: Made | undefined): Destinations {
  const { logicalId, properties, resource } = source;
  if (!isTruthy(properties["EventInvokeConfig"])) return { made: [], policies: [] };
  const given = properties["EventInvokeConfig"] as Json;
  const config = context.parameters.resolve(given);
  const made: Made[] = [];
  const policies: Json[] = [];
  const destinations: Json = {};
  const id = `${logicalId}EventInvokeConfig`;
  if (isTruthy(config["DestinationConfig"])) {
    const property = "EventInvokeConfig.DestinationConfig";
    const asked = expectMap(config["DestinationConfig"], logicalId, property);
    for (const on of ["OnSuccess", "OnFailure"]) {
      if (asked[on] === undefined || asked[on] === null) continue;
      const one = destination(context, source, expectMap(asked[on], logicalId, `${property}.${on}`), id, on);
      destinations[on] = { Destination: one.arn };
      if (one.made) made.push(one.made);
      if (one.policy) policies.push(one.policy);
    }
  }
  made.push({
    logicalId: id,
    type: "AWS::Lambda::EventInvokeConfig",
    properties: {
      FunctionName: { Ref: logicalId },
      Qualifier: (alias?.properties["Name"] as string | undefined) ?? "$LATEST",
      DestinationConfig: destinations,
      MaximumEventAgeInSeconds: config["MaximumEventAgeInSeconds"],
      MaximumRetryAttempts: config["MaximumRetryAttempts"],
    },
    dependsOn: alias && [alias.logicalId],
    attributes: ownAttributes(resource),
  });
  return { made, policies };
}

interface Destination {
  readonly arn: unknown;
  readonly made?: Made | undefined;
  readonly policy?: Json | undefined;
}

function destination(context: Context, source: Source, config: Json, id: string, on: string): Destination {
  const { logicalId, resource } = source;
  const kind = config["Type"];
  if (typeof kind !== "string" || !KINDS.includes(kind))
    throw resourceError(
      logicalId,
      `'Type: ${kind === undefined ? "None" : String(kind)}' must be one of [${KINDS.map((one) => `'${one}'`).join(", ")}]`,
    );
  const given = config["Destination"];
  const choice = missingUnder(context, given, id);
  if (given !== undefined && !choice) return { arn: given, policy: destinationPolicy(kind, given, id + on) };
  if (kind !== "SQS" && kind !== "SNS")
    throw resourceError(logicalId, "Destination is required if Type is not ['SQS', 'SNS']");
  const made = makeTarget(kind, id + on, passedAttributes(resource));
  const condition = bothConditions(context, resource["Condition"] as string | undefined, choice?.condition, logicalId);
  if (condition !== undefined) made.attributes = { ...made.attributes, Condition: condition };
  const own = kind === "SQS" ? getAtt(made.logicalId, "Arn") : { Ref: made.logicalId };
  const arn = choice ? conditional(choice.condition, own, choice.arn) : own;
  return { arn, made, policy: destinationPolicy(kind, arn, id + on) };
}

function makeTarget(kind: "SQS" | "SNS", id: string, attributes: Json): Made {
  if (kind === "SQS") return { logicalId: `${id}Queue`, type: "AWS::SQS::Queue", properties: {}, attributes };
  return { logicalId: `${id}Topic`, type: "AWS::SNS::Topic", properties: {}, attributes };
}

/** Under which condition a destination given by `Fn::If` is not given. */
function missingUnder(context: Context, given: unknown, id: string): { condition: string; arn: unknown } | undefined {
  let choice;
  try {
    choice = ifArguments(given);
  } catch (error) {
    throw resourceError(id, `Malformed 'Destination' property: ${(error as Error).message}.`);
  }
  if (!choice) return undefined;
  const [condition, yes, no] = choice;
  if (isNoValue(yes) === isNoValue(no)) return undefined;
  if (isNoValue(yes)) return { condition, arn: no };
  const negated = `NOT${condition}${hashedId("", id)}`;
  context.conditions[negated] = { "Fn::Not": [{ Condition: condition }] };
  return { condition: negated, arn: yes };
}

function bothConditions(
  context: Context,
  one: string | undefined,
  other: string | undefined,
  logicalId: string,
): string | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  const name = `${one}AND${other}${hashedId("", logicalId)}`;
  context.conditions[name] = { "Fn::And": [{ Condition: { Condition: one } }, { Condition: { Condition: other } }] };
  return name;
}
