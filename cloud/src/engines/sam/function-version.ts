import { asTemplate, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError } from "./error.ts";
import { getAtt, hashedId, isTruthy, targetOf, type Json } from "./json.ts";

/** The version that `AutoPublishAlias` publishes. Its logical id changes with the code, so that a new one is made. */
export function makeVersion(context: Context, { logicalId, properties: p, resource }: Source, lambda: Made): Made {
  const sha = codeSha(context, logicalId, p);
  if (sha !== undefined) describeWith(context, lambda, sha);
  const prefix = `${logicalId}Version`;
  const attributes: Json = { ...passedAttributes(resource) };
  attributes["DeletionPolicy"] ??= p["VersionDeletionPolicy"] ?? "Retain";
  return {
    logicalId: sha === undefined ? hashedId(prefix, hashInput(context, p, lambda)) : prefix + sha.slice(0, 10),
    type: "AWS::Lambda::Version",
    properties: { Description: p["VersionDescription"], FunctionName: { Ref: logicalId } },
    attributes,
  };
}

function codeSha(context: Context, logicalId: string, p: Json): string | undefined {
  if (!isTruthy(p["AutoPublishCodeSha256"])) return undefined;
  const sha = context.parameters.resolve(p["AutoPublishCodeSha256"]);
  if (typeof sha !== "string") throw resourceError(logicalId, "AutoPublishCodeSha256 must be a string");
  return sha;
}

/** Lambda publishes no version of an unchanged function: the description makes the difference. */
function describeWith(context: Context, lambda: Made, sha: string): void {
  const description = context.parameters.resolve(lambda.properties["Description"]);
  if (!isTruthy(description)) lambda.properties["Description"] = sha;
  else if (typeof description === "string") lambda.properties["Description"] = `${description} ${sha}`;
  else lambda.properties["Description"] = { "Fn::Join": [" ", [description, sha]] };
}

/** AWS: the code's place, with environment, memory and SnapStart; or all properties, with published layers'. */
function hashInput(context: Context, p: Json, lambda: Made): Json {
  if (p["AutoPublishAliasAllProperties"]) {
    const properties = { ...(asTemplate(lambda)["Properties"] as Json) };
    for (const layer of (p["Layers"] as unknown[] | undefined) ?? []) {
      const layerId = targetOf(layer);
      const given = layerId === undefined ? undefined : context.resources.get(layerId)?.["Properties"];
      if ((given as Json | undefined)?.["PublishLambdaVersion"]) properties[layerId!] = given;
    }
    return properties;
  }
  const { Environment, MemorySize, SnapStart } = lambda.properties;
  const snap = (SnapStart as Json | undefined)?.["ApplyOn"] ?? "None";
  return {
    ...context.parameters.resolve(lambda.properties["Code"] as Json),
    ...(isTruthy(Environment) ? (Environment as Json) : {}),
    ...(isTruthy(MemorySize) ? { MemorySize } : {}),
    ...(snap === "None" ? {} : { SnapStart }),
  };
}

/** @throws SamError for a name that Lambda would not take */
export function makeAlias({ logicalId, properties: p, resource }: Source, name: string, version: Made): Made {
  if (name === "") throw resourceError(logicalId, "Alias name is required to create an alias");
  if (!/^(?!\d+$)[a-zA-Z0-9\-_]+$/.test(name))
    throw resourceError(
      logicalId,
      `AutoPublishAlias name ('${name}') must contain only alphanumeric characters, hyphens, or underscores matching (?!^[0-9]+$)([a-zA-Z0-9-_]+) pattern.`,
    );
  return {
    logicalId: `${logicalId}Alias${name.replaceAll("-", "D").replaceAll("_", "U")}`,
    type: "AWS::Lambda::Alias",
    properties: {
      Name: name,
      FunctionName: { Ref: logicalId },
      FunctionVersion: getAtt(version.logicalId, "Version"),
      ProvisionedConcurrencyConfig: isTruthy(p["ProvisionedConcurrencyConfig"])
        ? p["ProvisionedConcurrencyConfig"]
        : undefined,
    },
    attributes: passedAttributes(resource),
  };
}
