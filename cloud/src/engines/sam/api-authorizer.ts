import { resourceError } from "./error.ts";
import { expectBoolean, expectList, expectMap, expectString } from "./expect.ts";
import { isTruthy, type Json } from "./json.ts";
import { PythonDict, toPython, Unicode, type PythonValue } from "./python-dict.ts";

/** An authorizer of a REST API. */
export interface Authorizer {
  readonly definition: PythonDict;
  readonly scopes: PythonValue;
  readonly functionArn: unknown;
  readonly isPermitted: boolean;
}

/** The authorizers that an API's `Auth` names, as its document describes them. @throws SamError */
export function readAuthorizers(logicalId: string, given: unknown, defaultName: unknown): Record<string, Authorizer> {
  const authorizers: Record<string, Authorizer> = {};
  if (defaultName === "AWS_IAM") authorizers["AWS_IAM"] = iamAuthorizer();
  if (!isTruthy(given)) return authorizers;
  for (const [name, config] of Object.entries(expectMap(given, logicalId, "Auth.Authorizers")))
    authorizers[name] = readAuthorizer(logicalId, name, expectMap(config, logicalId, `Auth.Authorizers.${name}`));
  return authorizers;
}

function iamAuthorizer(): Authorizer {
  return {
    definition: definitionOf("Authorization", "awsSigv4"),
    scopes: [],
    functionArn: undefined,
    isPermitted: true,
  };
}

function definitionOf(header: PythonValue, authType: string): PythonDict {
  const definition = new PythonDict();
  definition.set("type", "apiKey");
  definition.set("name", header);
  definition.set("in", "header");
  definition.set("x-amazon-apigateway-authtype", authType);
  return definition;
}

function readAuthorizer(logicalId: string, name: string, config: Json): Authorizer {
  check(logicalId, name, config);
  const scopes = (config["AuthorizationScopes"] ?? []) as unknown[];
  return {
    definition: config["UserPoolArn"] ? cognito(logicalId, config) : lambda(logicalId, name, config),
    scopes: toPython(scopes),
    functionArn: config["FunctionArn"],
    isPermitted: !config["DisableFunctionDefaultPermissions"],
  };
}

function check(logicalId: string, name: string, config: Json): void {
  const payload = config["FunctionPayloadType"];
  if (payload !== undefined && payload !== "TOKEN" && payload !== "REQUEST")
    throw resourceError(logicalId, `${name} Authorizer has invalid 'FunctionPayloadType': ${String(payload)}.`);
  if (payload === "REQUEST" && isMissingSource(logicalId, name, config["Identity"]))
    throw resourceError(
      logicalId,
      `${name} Authorizer must specify Identity with at least one of Headers, QueryStrings, StageVariables, or Context.`,
    );
  const scopes = config["AuthorizationScopes"];
  if (scopes !== undefined) expectList(scopes, logicalId, `Authorizers.${name}.AuthorizationScopes`);
  const disabled = config["DisableFunctionDefaultPermissions"];
  if (disabled !== undefined)
    expectBoolean(disabled, logicalId, `Authorizers.${name}.DisableFunctionDefaultPermissions`);
}

const SOURCES = [
  ["Headers", "method.request.header."],
  ["QueryStrings", "method.request.querystring."],
  ["StageVariables", "stageVariables."],
  ["Context", "context."],
] as const;

function isMissingSource(logicalId: string, name: string, given: unknown): boolean {
  if (!isTruthy(given)) return true;
  const identity = expectMap(given, logicalId, `Authorizer.${name}.Identity`);
  if (SOURCES.some(([source]) => isTruthy(identity[source]))) return false;
  const seconds = Number(identity["ReauthorizeEvery"] ?? Number.NaN);
  return Number.isNaN(seconds) || seconds > 0;
}

function headerOf(logicalId: string, config: Json): PythonValue {
  if (!isTruthy(config["Identity"])) return "Authorization";
  const identity = expectMap(
    config["Identity"],
    logicalId,
    "Identity",
    "Auth.Authorizers.<Authorizer>.Identity must be a dict (LambdaTokenAuthorizationIdentity, LambdaRequestAuthorizationIdentity or CognitoAuthorizationIdentity).",
  );
  return identity["Header"] ? toPython(identity["Header"]) : "Authorization";
}

const EXTENSION = "x-amazon-apigateway-authorizer";

function cognito(logicalId: string, config: Json): PythonDict {
  const definition = definitionOf(headerOf(logicalId, config), "cognito_user_pools");
  const authorizer = new PythonDict();
  authorizer.set("type", "cognito_user_pools");
  const arn = toPython(config["UserPoolArn"]);
  authorizer.set("providerARNs", Array.isArray(arn) ? arn : [arn]);
  definition.set(EXTENSION, authorizer);
  addValidation(authorizer, config);
  return definition;
}

function lambda(logicalId: string, name: string, config: Json): PythonDict {
  const isRequest = config["FunctionPayloadType"] === "REQUEST";
  const definition = definitionOf(isRequest ? "Unused" : headerOf(logicalId, config), "custom");
  const authorizer = PythonDict.of({ type: isRequest ? "request" : "token" });
  definition.set(EXTENSION, authorizer);
  const text = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations";
  authorizer.set("authorizerUri", { "Fn::Sub": [text, { __FunctionArn__: toPython(config["FunctionArn"]) }] });
  const identity = config["Identity"] as Json | undefined;
  const every = identity?.["ReauthorizeEvery"];
  if (every !== undefined) authorizer.set("authorizerResultTtlInSeconds", toPython(every));
  const role = config["FunctionInvokeRole"];
  if (role && role !== "NONE") authorizer.set("authorizerCredentials", toPython(role));
  if (isRequest) {
    const sources = identitySources(logicalId, name, identity ?? {});
    if (sources !== "") authorizer.set("identitySource", new Unicode(sources));
  } else addValidation(authorizer, config);
  return definition;
}

function addValidation(authorizer: PythonDict, config: Json): void {
  const expression = (config["Identity"] as Json | undefined)?.["ValidationExpression"];
  if (expression) authorizer.set("identityValidationExpression", toPython(expression));
}

function identitySources(logicalId: string, name: string, identity: Json): string {
  return SOURCES.flatMap(([source, prefix]) => {
    if (!isTruthy(identity[source])) return [];
    const path = `Auth.Authorizers.${name}.Identity.${source}`;
    return expectList(identity[source], logicalId, path).map(
      (value, index) => prefix + expectString(value, logicalId, `${path}[${index}]`),
    );
  }).join(", ");
}
