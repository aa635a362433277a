import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { EventError, resourceError } from "./error.ts";
import { getAtt, indentedText, isIntrinsic, isObject, isTruthy, type Json } from "./json.ts";
import { documentLocation } from "./location.ts";
import { awsPolicy, expandPolicyTemplates, makeRole, trustOf } from "./policies.ts";
import { makeStateMachineEvents } from "./state-machine-events.ts";
import { propagateTags, tagList } from "./tags.ts";

/** `AWS::Serverless::StateMachine`. @throws SamError */
export function transformStateMachine(context: Context, source: Source): Made[] {
  const { logicalId, properties: p, resource } = source;
  const tags = [{ Key: "stateMachine:createdBy", Value: "SAM" }, ...tagList(p["Tags"])];
  const machine: Made = {
    logicalId,
    type: "AWS::StepFunctions::StateMachine",
    properties: {
      ...definitionOf(logicalId, p),
      StateMachineName: p["Name"],
      StateMachineType: p["Type"],
      LoggingConfiguration: p["Logging"],
      TracingConfiguration: p["Tracing"],
      Tags: tags,
    },
    dependsOn: resource["DependsOn"],
    attributes: ownAttributes(resource),
  };
  const made: Made[] = [machine];
  if (isTruthy(p["Role"]) && isTruthy(p["Policies"]))
    throw resourceError(
      logicalId,
      "Specify either 'Role' or 'Policies' (but not both at the same time) or neither of them",
    );
  if (p["Role"]) machine.properties["RoleArn"] = p["Role"];
  else {
    const role = makeExecutionRole(context, source, tags);
    machine.properties["RoleArn"] = getAtt(role.logicalId, "Arn");
    made.push(role);
  }
  const published = publish(source);
  made.push(...published);
  const target = p["UseAliasAsEventTarget"] ? (published[1]?.logicalId ?? logicalId) : logicalId;
  try {
    made.push(...makeStateMachineEvents(context, source, target));
  } catch (error) {
    if (error instanceof EventError) throw resourceError(logicalId, error.message);
    throw error;
  }
  propagateTags(made, p["Tags"], p["PropagateTags"]);
  return made;
}

function makeExecutionRole(context: Context, { logicalId, properties: p, resource }: Source, tags: Json[]): Made {
  const policies = expandPolicyTemplates(p["Policies"], logicalId);
  const role = makeRole(context, {
    logicalId,
    attributes: passedAttributes(resource),
    trust: trustOf("states.amazonaws.com"),
    policies,
    managedArns: [],
    path: p["RolePath"],
    boundary: p["PermissionsBoundary"],
    tags,
  });
  if ((p["Tracing"] as Json | undefined)?.["Enabled"] === true)
    (role.properties["ManagedPolicyArns"] as unknown[]).push(awsPolicy("AWSXrayWriteOnlyAccess"));
  return role;
}

/** A definition as text or by its place; functions within it become substitutions. */
function definitionOf(logicalId: string, p: Json): Json {
  const given = p["DefinitionSubstitutions"] as Json | undefined;
  const substitutions: Json = isTruthy(given) ? { ...given } : {};
  const withSubstitutions = (definition: Json) =>
    Object.keys(substitutions).length > 0 ? { ...definition, DefinitionSubstitutions: substitutions } : definition;
  if (isTruthy(p["Definition"]) && p["DefinitionUri"])
    throw resourceError(logicalId, "Specify either 'Definition' or 'DefinitionUri' property and not both.");
  if (isTruthy(p["Definition"])) {
    const definition = structuredClone(p["Definition"]);
    substitute(definition, substitutions, { count: 0 });
    return withSubstitutions({ DefinitionString: { "Fn::Join": ["\n", indentedText(definition).split("\n")] } });
  }
  if (!p["DefinitionUri"])
    throw resourceError(logicalId, "Either 'Definition' or 'DefinitionUri' property must be specified.");
  return withSubstitutions({ DefinitionS3Location: documentLocation(p["DefinitionUri"], logicalId) });
}

function substitute(value: unknown, substitutions: Json, counter: { count: number }): void {
  if (typeof value !== "object" || value === null) return;
  const holder = value as Json;
  const names = Array.isArray(value) ? Object.keys(value) : Object.keys(value).sort();
  for (const name of names) {
    const member = holder[name];
    if (isIntrinsic(member) || isDynamicReference(member)) {
      counter.count += 1;
      const substitution = `definition_substitution_${counter.count}`;
      substitutions[substitution] = member;
      holder[name] = `\${${substitution}}`;
    } else if (isObject(member) || Array.isArray(member)) substitute(member, substitutions, counter);
  }
}

function isDynamicReference(value: unknown): boolean {
  return typeof value === "string" && /^\{\{resolve:([a-z-]+):(.+)\}\}$/.test(value);
}

/** `AutoPublishAlias`: a version and the alias that leads to it. */
function publish({ logicalId, properties: p, resource }: Source): Made[] {
  const alias = p["AutoPublishAlias"];
  const needs = (name: string) =>
    resourceError(logicalId, `'${name}' requires 'AutoPublishAlias' property to be specified.`);
  if (!alias && p["UseAliasAsEventTarget"]) throw needs("UseAliasAsEventTarget");
  if (!alias && isTruthy(p["DeploymentPreference"])) throw needs("DeploymentPreference");
  if (!alias) return [];
  const attributes = passedAttributes(resource);
  const versionId = `${logicalId}Version`;
  const preference = isTruthy(p["DeploymentPreference"])
    ? (p["DeploymentPreference"] as Json)
    : { Type: "ALL_AT_ONCE" };
  return [
    {
      logicalId: versionId,
      type: "AWS::StepFunctions::StateMachineVersion",
      properties: {
        StateMachineArn: { Ref: logicalId },
        StateMachineRevisionId: getAtt(logicalId, "StateMachineRevisionId"),
      },
      attributes: { DeletionPolicy: "Retain", UpdateReplacePolicy: "Retain", ...attributes },
    },
    {
      logicalId: `${logicalId}Alias${String(alias)}`,
      type: "AWS::StepFunctions::StateMachineAlias",
      properties: { Name: alias, DeploymentPreference: { ...preference, StateMachineVersionArn: { Ref: versionId } } },
      attributes,
    },
  ];
}
