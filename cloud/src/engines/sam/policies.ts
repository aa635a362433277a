import { resourceError, templateError } from "./error.ts";
import { ifArguments, isIntrinsic, isNoValue, isObject, isSame, type Json } from "./json.ts";
import { POLICY_TEMPLATES, type TemplateStatement } from "./policy-template-table.ts";
import type { Context, Made } from "./context.ts";

type PolicyKind = "managed" | "statement" | "template" | "unknown";

/** The policy templates of a `Policies` property become statements; everything else stays. @throws SamError */
export function expandPolicyTemplates(policies: unknown, logicalId: string): unknown[] {
  const list = policies === undefined || policies === null ? [] : [policies].flat();
  return list.map((policy) => {
    if (kindOf(policy) !== "template") return policy;
    const choice = ifArguments(policy);
    if (!choice) return fillTemplate(policy as Json, logicalId);
    const [condition, yes, no] = choice;
    const fill = (one: unknown) => (isNoValue(one) ? one : fillTemplate(one as Json, logicalId));
    return { "Fn::If": [condition, fill(yes), fill(no)] };
  });
}

function kindOf(policy: unknown): PolicyKind {
  if (typeof policy === "string") return "managed";
  const choice = chosen(policy);
  if (choice) return kindOfChoice(choice);
  if (isIntrinsic(policy)) return "managed";
  if (!isObject(policy)) return "unknown";
  if ("Statement" in policy) return "statement";
  const names = Object.keys(policy);
  return names.length === 1 && Object.hasOwn(POLICY_TEMPLATES, names[0]!) ? "template" : "unknown";
}

function chosen(policy: unknown): [string, unknown, unknown] | undefined {
  try {
    return ifArguments(policy);
  } catch (error) {
    throw templateError((error as Error).message);
  }
}

function kindOfChoice([, yes, no]: [string, unknown, unknown]): PolicyKind {
  const [ifYes, ifNo] = [kindOf(yes), kindOf(no)];
  if (ifYes === ifNo || isNoValue(no)) return ifYes;
  if (isNoValue(yes)) return ifNo;
  throw templateError(
    "Different policy types within the same Fn::If statement is unsupported. " +
      "Separate different policy types into different Fn::If statements",
  );
}

function fillTemplate(policy: Json, logicalId: string): Json {
  const [name, given] = Object.entries(policy)[0]!;
  if (!isObject(given))
    throw resourceError(logicalId, `Must specify valid parameter values for policy template '${name}'`);
  const template = POLICY_TEMPLATES[name]!;
  const missing = template.parameters.filter((parameter) => !(parameter in given));
  if (missing.length > 0)
    throw resourceError(
      logicalId,
      `Following required parameters of template '${name}' don't have values: [${missing.map((one) => `'${one}'`).join(", ")}]`,
    );
  return { Statement: template.statements.map((statement) => fillStatement(statement, given)) };
}

function fillStatement({ actions, resources, equals }: TemplateStatement, given: Json): Json {
  return {
    Effect: "Allow",
    Action: actions,
    Resource: typeof resources === "string" ? fillText(resources, given) : resources.map((one) => fillText(one, given)),
    ...(equals && {
      Condition: {
        StringEquals: Object.fromEntries(Object.entries(equals).map(([key, text]) => [key, fillText(text, given)])),
      },
    }),
  };
}

function fillText(text: string, given: Json): unknown {
  if (!text.includes("${")) return text;
  const variables: Json = {};
  const written = text.replaceAll(/\$\{([A-Za-z]+)(?:=([A-Za-z]+))?\}/g, (_, name: string, parameter?: string) => {
    variables[name] = given[parameter ?? name[0]!.toUpperCase() + name.slice(1)];
    return `\${${name}}`;
  });
  return { "Fn::Sub": Object.keys(variables).length > 0 ? [written, variables] : written };
}

export interface RoleInput {
  readonly logicalId: string;
  readonly attributes: Json;
  readonly trust: unknown;
  readonly policies: unknown;
  readonly managedArns: unknown[];
  readonly inline?: Json[];
  readonly path?: unknown;
  readonly boundary?: unknown;
  readonly tags?: unknown;
}

/** The execution role of a function or state machine. Event sources may still add to it. */
export function makeRole(context: Context, input: RoleInput): Made {
  const roleId = `${input.logicalId}Role`;
  const managed = [...input.managedArns];
  const inline: unknown[] = [...(input.inline ?? [])];
  const list = input.policies === undefined || input.policies === null ? [] : [input.policies].flat();
  list.forEach((policy, index) => {
    const kind = kindOf(policy);
    if (kind === "statement") inline.push(eachChoice(policy, (one) => named(`${roleId}Policy${index}`, one)));
    else if (kind === "managed") {
      const arn = eachChoice(policy, (one) => (typeof one === "string" ? managedArn(context, one) : one));
      if (!managed.some((one) => isSame(one, arn))) managed.push(arn);
    } else throw resourceError(input.logicalId, `Policy at index ${index} in the 'Policies' property is not valid`);
  });
  return {
    logicalId: roleId,
    type: "AWS::IAM::Role",
    attributes: input.attributes,
    properties: {
      AssumeRolePolicyDocument: input.trust,
      ManagedPolicyArns: managed,
      Path: input.path,
      Policies: inline.length > 0 ? inline : undefined,
      PermissionsBoundary: input.boundary,
      Tags: input.tags,
    },
  };
}

function eachChoice(policy: unknown, change: (one: unknown) => unknown): unknown {
  const choice = ifArguments(policy);
  if (!choice) return change(policy);
  const [condition, yes, no] = choice;
  return { "Fn::If": [condition, isNoValue(yes) ? yes : change(yes), isNoValue(no) ? no : change(no)] };
}

function named(PolicyName: string, PolicyDocument: unknown): Json {
  return { PolicyName, PolicyDocument };
}

function managedArn(context: Context, name: string): string {
  return Object.hasOwn(context.managedPolicies, name) ? context.managedPolicies[name]! : name;
}

export function awsPolicy(name: string): string {
  return `arn:aws:iam::aws:policy/${name}`;
}

/** The trust policy for a service. */
export function trustOf(service: string): Json {
  const Statement = [{ Action: ["sts:AssumeRole"], Effect: "Allow", Principal: { Service: [service] } }];
  return { Version: "2012-10-17", Statement };
}

/** An inline policy of one action, named as SAM names it. */
export function inlinePolicy(PolicyName: string, action: string, resource: unknown): Json {
  return { PolicyName, PolicyDocument: { Statement: [{ Action: action, Effect: "Allow", Resource: resource }] } };
}

/** What a destination of events needs, by its kind. */
export function destinationPolicy(kind: string, arn: unknown, logicalId: string): Json | undefined {
  if (kind === "SQS") return inlinePolicy(`${logicalId}SQSPolicy`, "sqs:SendMessage", arn);
  if (kind === "SNS") return inlinePolicy(`${logicalId}SNSPolicy`, "sns:publish", arn);
  if (kind === "EventBridge") return inlinePolicy(`${logicalId}EventBridgePolicy`, "events:PutEvents", arn);
  if (kind === "Lambda") return inlinePolicy(`${logicalId}LambdaPolicy`, "lambda:InvokeFunction", arn);
  if (kind !== "S3" && kind !== "S3Bucket") return undefined;
  return named(`${logicalId}S3Policy`, {
    Statement: [
      { Action: "s3:PutObject", Effect: "Allow", Resource: { "Fn::Join": ["/", [arn, "*"]] } },
      { Action: "s3:ListBucket", Effect: "Allow", Resource: arn },
    ],
  });
}
