import { makeAlias, makeVersion } from "./function-version.ts";
import { makeDestinations } from "./function-destinations.ts";
import { makeUrl } from "./function-url.ts";
import type { Target } from "./event-input.ts";
import { makeEvents } from "./events.ts";
import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError, SamGap } from "./error.ts";
import { expectMap } from "./expect.ts";
import { getAtt, ifArguments, isNoValue, isTruthy, conditional, type Json } from "./json.ts";
import { codeLocation } from "./location.ts";
import { awsPolicy, expandPolicyTemplates, makeRole, trustOf } from "./policies.ts";
import { propagateTags, samTags } from "./tags.ts";

const DEAD_LETTER_ACTIONS: Readonly<Record<string, string>> = { SQS: "sqs:SendMessage", SNS: "sns:Publish" };

/** `AWS::Serverless::Function`. @throws SamError, EventError */
export function transformFunction(context: Context, source: Source): Made[] {
  const { logicalId, properties, resource } = source;
  checkDeadLetterQueue(logicalId, properties);
  refuseGaps(logicalId, properties);
  const passed = passedAttributes(resource);
  const lambda = makeFunction(context, source);
  const made: Made[] = [lambda];
  const alias = publish(context, source, lambda, made);
  if (properties["FunctionUrlConfig"]) made.push(...makeUrl(source, alias));
  const destinations = makeDestinations(context, source, alias);
  made.push(...destinations.made);
  const role = makeFunctionRole(context, source, destinations.policies);
  linkRole(context, source, lambda, role, made);
  const target: Target = {
    functionId: logicalId,
    logicalId: alias?.logicalId ?? logicalId,
    arn: alias ? { Ref: alias.logicalId } : getAtt(logicalId, "Arn"),
    name: { Ref: alias?.logicalId ?? logicalId },
    passed,
    condition: resource["Condition"],
    isAlias: alias !== undefined,
  };
  made.push(...makeEvents(context, source, target, role));
  propagateTags(made, properties["Tags"], properties["PropagateTags"]);
  return made;
}

function refuseGaps(logicalId: string, properties: Json): void {
  const preference = properties["DeploymentPreference"] as Json | undefined;
  if (preference && preference["Enabled"] !== false && preference["Enabled"] !== "false")
    throw new SamGap(`DeploymentPreference (CodeDeploy) of the function ${logicalId}`);
  for (const name of ["CapacityProviderConfig", "FunctionScalingConfig", "DurableConfig"])
    if (properties[name] !== undefined) throw new SamGap(`${name} of the function ${logicalId}`);
}

function makeFunction(context: Context, { logicalId, properties: p, resource }: Source): Made {
  const properties: Json = {
    FunctionName: p["FunctionName"],
    Handler: p["Handler"],
    Runtime: p["Runtime"],
    Description: p["Description"],
    MemorySize: p["MemorySize"],
    Timeout: p["Timeout"],
    VpcConfig: p["VpcConfig"],
    Role: p["Role"],
    Environment: p["Environment"],
    Code: codeOf(logicalId, p),
    KmsKeyArn: p["KmsKeyArn"],
    ReservedConcurrentExecutions: p["ReservedConcurrentExecutions"],
    Tags: samTags(logicalId, p["Tags"]),
    Layers: p["Layers"],
    FileSystemConfigs: p["FileSystemConfigs"],
    ImageConfig: p["ImageConfig"],
    PackageType: p["PackageType"],
    Architectures: p["Architectures"],
    SnapStart: p["SnapStart"],
    EphemeralStorage: p["EphemeralStorage"],
    TracingConfig: tracingOf(context, p) === undefined ? undefined : { Mode: p["Tracing"] },
    DeadLetterConfig: p["DeadLetterQueue"] ? { TargetArn: (p["DeadLetterQueue"] as Json)["TargetArn"] } : undefined,
    CodeSigningConfigArn: p["CodeSigningConfigArn"],
    RuntimeManagementConfig: p["RuntimeManagementConfig"],
    LoggingConfig: p["LoggingConfig"],
    TenancyConfig: p["TenancyConfig"],
    RecursiveLoop: p["RecursiveLoop"],
    PublishToLatestPublished: p["PublishToLatestPublished"],
  };
  checkPackageType(logicalId, p, properties["Code"] as Json);
  return {
    logicalId,
    type: "AWS::Lambda::Function",
    properties,
    dependsOn: resource["DependsOn"],
    attributes: ownAttributes(resource),
  };
}

/** The tracing mode; undefined where it is off. */
function tracingOf(context: Context, properties: Json): unknown {
  const mode = context.parameters.resolve(properties["Tracing"]);
  return properties["Tracing"] && mode !== "Disabled" ? mode : undefined;
}

function codeOf(logicalId: string, p: Json): Json {
  const kind = p["PackageType"] ?? "Zip";
  if (kind === "Image") {
    if (!p["ImageUri"]) throw resourceError(logicalId, "'ImageUri' must be set.");
    return { ImageUri: p["ImageUri"] };
  }
  if (kind !== "Zip") throw resourceError(logicalId, `invalid 'PackageType' : ${String(kind)}`);
  const inline = p["InlineCode"] !== undefined;
  if (!inline && p["CodeUri"] === undefined)
    throw resourceError(logicalId, "Only one of 'InlineCode' or 'CodeUri' can be set.");
  const code = inline ? { ZipFile: p["InlineCode"] } : codeLocation(p["CodeUri"], logicalId, "CodeUri");
  return p["SourceKMSKeyArn"] ? { ...code, SourceKMSKeyArn: p["SourceKMSKeyArn"] } : code;
}

function checkPackageType(logicalId: string, p: Json, code: Json): void {
  const fail = (message: string) => {
    throw resourceError(logicalId, message);
  };
  if ((p["PackageType"] ?? "Zip") === "Image") {
    if (p["Handler"] || p["Runtime"] || isTruthy(p["Layers"]))
      fail("Runtime, Handler, Layers cannot be present when PackageType is of type `Image`");
    return;
  }
  if (!p["Runtime"] || !p["Handler"]) fail("Runtime and Handler needs to be present when PackageType is of type `Zip`");
  if (code["ImageUri"] || isTruthy(p["ImageConfig"]))
    fail("ImageUri or ImageConfig cannot be present when PackageType is of type `Zip`");
}

function checkDeadLetterQueue(logicalId: string, p: Json): void {
  if (!isTruthy(p["DeadLetterQueue"])) return;
  const { Type, TargetArn } = expectMap(p["DeadLetterQueue"], logicalId, "DeadLetterQueue");
  if (!Type || !TargetArn)
    throw resourceError(logicalId, "'DeadLetterQueue' requires Type and TargetArn properties to be specified.");
  if (typeof Type !== "string" || DEAD_LETTER_ACTIONS[Type] === undefined)
    throw resourceError(logicalId, "'DeadLetterQueue' requires Type of ['SQS', 'SNS']");
}

function publish(context: Context, source: Source, lambda: Made, made: Made[]): Made | undefined {
  const { logicalId, properties: p } = source;
  if (isTruthy(p["ProvisionedConcurrencyConfig"]) && !p["AutoPublishAlias"])
    throw resourceError(
      logicalId,
      "To set ProvisionedConcurrencyConfig AutoPublishALias must be defined on the function",
    );
  if (!p["AutoPublishAlias"]) return undefined;
  const name = context.parameters.resolve(p["AutoPublishAlias"]);
  if (typeof name !== "string")
    throw resourceError(logicalId, "'AutoPublishAlias' must be a string or a Ref to a template parameter");
  const version = makeVersion(context, source, lambda);
  const alias = makeAlias(source, name, version);
  made.push(version, alias);
  return alias;
}

function makeFunctionRole(context: Context, { logicalId, properties: p, resource }: Source, more: Json[]): Made {
  const managedArns = [awsPolicy("service-role/AWSLambdaBasicExecutionRole")];
  if (tracingOf(context, p) !== undefined) managedArns.push(awsPolicy("AWSXrayWriteOnlyAccess"));
  if (isTruthy(p["VpcConfig"])) managedArns.push(awsPolicy("service-role/AWSLambdaVPCAccessExecutionRole"));
  const deadLetters = p["DeadLetterQueue"] as Json | undefined;
  const inline = isTruthy(deadLetters) ? [deadLetterPolicy(deadLetters!)] : [];
  return makeRole(context, {
    logicalId,
    attributes: passedAttributes(resource),
    trust: p["AssumeRolePolicyDocument"] ?? trustOf("lambda.amazonaws.com"),
    policies: expandPolicyTemplates(p["Policies"], logicalId),
    managedArns,
    inline: [...inline, ...more],
    path: p["RolePath"],
    boundary: p["PermissionsBoundary"],
    tags: samTags(logicalId, p["Tags"]),
  });
}

function deadLetterPolicy({ Type, TargetArn }: Json): Json {
  const statement = { Action: DEAD_LETTER_ACTIONS[Type as string], Resource: TargetArn, Effect: "Allow" };
  return { PolicyName: "DeadLetterQueuePolicy", PolicyDocument: { Version: "2012-10-17", Statement: [statement] } };
}

/** The made role serves where none is given; where one is given under a condition, in the other case. */
function linkRole(context: Context, { logicalId }: Source, lambda: Made, role: Made, made: Made[]): void {
  const given = lambda.properties["Role"];
  const own = getAtt(role.logicalId, "Arn");
  if (given === undefined) {
    lambda.properties["Role"] = own;
    made.push(role);
    return;
  }
  let choice;
  try {
    choice = ifArguments(given) && ifArguments(context.parameters.resolve(given));
  } catch (error) {
    throw resourceError(logicalId, `Malformed 'Role' property: ${(error as Error).message}.`);
  }
  if (!choice) return;
  const [condition, yes, no] = choice;
  if (!isNoValue(yes) && !isNoValue(no)) return;
  made.push(role);
  if (isNoValue(yes) && isNoValue(no)) lambda.properties["Role"] = own;
  else if (isNoValue(yes)) {
    lambda.properties["Role"] = conditional(condition, own, no);
    role.attributes = { ...role.attributes, Condition: condition };
  } else {
    lambda.properties["Role"] = conditional(condition, yes, own);
    role.attributes = { ...role.attributes, Condition: `NOT${condition}` };
    context.conditions[`NOT${condition}`] = { "Fn::Not": [{ Condition: condition }] };
  }
}
