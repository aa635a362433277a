import { passedAttributes, type Made, type Source } from "./context.ts";
import { resourceError } from "./error.ts";
import { expectMap } from "./expect.ts";
import { isIntrinsic, isTruthy, type Json } from "./json.ts";

/** `FunctionUrlConfig`: the URL, and what lets everybody call it where it asks for no authorization. */
export function makeUrl({ logicalId, properties, resource }: Source, alias: Made | undefined): Made[] {
  const config = properties["FunctionUrlConfig"] as Json;
  check(logicalId, config);
  const { AuthType, Cors, InvokeMode } = config;
  const attributes = passedAttributes(resource);
  const target = { Ref: alias?.logicalId ?? logicalId };
  const url: Made = {
    logicalId: `${logicalId}Url`,
    type: "AWS::Lambda::Url",
    properties: { Cors: isTruthy(Cors) ? Cors : undefined, AuthType, TargetFunctionArn: target, InvokeMode },
    attributes,
  };
  if (AuthType !== "NONE" || isIntrinsic(config)) return [url];
  const permission = (suffix: string, more: Json): Made => ({
    logicalId: logicalId + suffix,
    type: "AWS::Lambda::Permission",
    properties: { FunctionName: target, Principal: "*", ...more },
    attributes,
  });
  return [
    url,
    permission("UrlPublicPermissions", { Action: "lambda:InvokeFunctionUrl", FunctionUrlAuthType: AuthType }),
    permission("URLInvokeAllowPublicAccess", { Action: "lambda:InvokeFunction", InvokedViaFunctionUrl: true }),
  ];
}

const CORS: Readonly<Record<string, "list" | "bool" | "int">> = {
  AllowOrigins: "list",
  AllowMethods: "list",
  AllowCredentials: "bool",
  AllowHeaders: "list",
  ExposeHeaders: "list",
  MaxAge: "int",
};

function check(logicalId: string, config: Json): void {
  if (isIntrinsic(config)) return;
  const { AuthType, Cors } = config;
  if (!isIntrinsic(AuthType) && AuthType !== "AWS_IAM" && AuthType !== "NONE")
    throw resourceError(
      logicalId,
      "AuthType is required to configure function property `FunctionUrlConfig`. Please provide either AWS_IAM or NONE.",
    );
  if (!isTruthy(Cors) || isIntrinsic(Cors)) return;
  for (const [name, value] of Object.entries(expectMap(Cors, logicalId, "FunctionUrlConfig.Cors"))) {
    const kind = CORS[name];
    if (!kind) throw resourceError(logicalId, `${name} is not a valid property for configuring Cors.`);
    const fits = kind === "list" ? Array.isArray(value) : typeof value === (kind === "bool" ? "boolean" : "number");
    if (!isIntrinsic(value) && !fits) throw resourceError(logicalId, `${name} must be of type ${kind}.`);
  }
}
