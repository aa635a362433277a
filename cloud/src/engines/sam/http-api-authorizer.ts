import { resourceError } from "./error.ts";
import { expectBoolean, expectList, expectMap, expectString } from "./expect.ts";
import { isTruthy, sub, type Json } from "./json.ts";
import { words } from "./words.ts";

/** An authorizer of an HTTP API. */
export interface HttpAuthorizer {
  readonly scheme: Json;
  readonly scopes: unknown;
  /** The function that the API has to be permitted to call. */
  readonly permitted: unknown;
}

const ALLOWED = {
  JWT: ["AuthorizationScopes", "JwtConfiguration", "IdentitySource"],
  REQUEST: words(
    "FunctionArn FunctionInvokeRole Identity AuthorizerPayloadFormatVersion EnableSimpleResponses " +
      "EnableFunctionDefaultPermissions",
  ),
};
const OAUTH = "OAuth2 Authorizer";
const DISPLAY: readonly (readonly [string, string])[] = [
  ["AuthorizationScopes", OAUTH],
  ["JwtConfiguration", OAUTH],
  ["IdentitySource", `${OAUTH}. For Lambda Authorizer, use the 'Identity' property instead`],
  ...ALLOWED.REQUEST.map((name) => [name, "Lambda Authorizer"] as const),
];

/** The authorizers of an HTTP API's `Auth`. @throws SamError */
export function readHttpAuthorizers(logicalId: string, auth: Json): Record<string, HttpAuthorizer> {
  const authorizers: Record<string, HttpAuthorizer> = {};
  if (auth["EnableIamAuthorizer"] === true) authorizers["AWS_IAM"] = IAM;
  if (!isTruthy(auth["Authorizers"])) return authorizers;
  for (const [name, given] of Object.entries(expectMap(auth["Authorizers"], logicalId, "Auth.Authorizers"))) {
    const config = expectMap(given, logicalId, `Auth.Authorizers.${name}`);
    if ("OpenIdConnectUrl" in config)
      throw resourceError(
        logicalId,
        `'OpenIdConnectUrl' is no longer a supported property for authorizer '${name}'. Please refer to the AWS SAM documentation.`,
      );
    authorizers[name] = readAuthorizer(logicalId, name, config);
  }
  return authorizers;
}

const IAM: HttpAuthorizer = {
  scheme: { type: "apiKey", name: "Authorization", in: "header", "x-amazon-apigateway-authtype": "awsSigv4" },
  scopes: [],
  permitted: undefined,
};

function readAuthorizer(logicalId: string, name: string, config: Json): HttpAuthorizer {
  const scopes = config["AuthorizationScopes"];
  if (scopes !== undefined && !Array.isArray(scopes))
    throw resourceError(logicalId, "AuthorizationScopes must be a list.");
  const kind = isTruthy(config["JwtConfiguration"]) ? "JWT" : "REQUEST";
  for (const [property, only] of DISPLAY)
    if (config[property] !== undefined && !ALLOWED[kind].includes(property))
      throw resourceError(logicalId, `${property} is only supported for ${only}.`);
  const permitted = config["EnableFunctionDefaultPermissions"];
  const scheme = kind === "JWT" ? jwt(logicalId, name, config) : lambda(logicalId, name, config);
  if (permitted !== undefined)
    expectBoolean(permitted, logicalId, `Authorizers.${name}.EnableFunctionDefaultPermissions`);
  return { scheme, scopes: scopes ?? [], permitted: permitted ? config["FunctionArn"] : undefined };
}

function jwt(logicalId: string, name: string, config: Json): Json {
  const given = expectMap(config["JwtConfiguration"], logicalId, "JwtConfiguration");
  if (!config["IdentitySource"])
    throw resourceError(logicalId, `${name} OAuth2 Authorizer must define 'IdentitySource'.`);
  const jwtConfiguration = Object.fromEntries(Object.entries(given).map(([key, value]) => [key.toLowerCase(), value]));
  return {
    type: "oauth2",
    "x-amazon-apigateway-authorizer": { jwtConfiguration, identitySource: config["IdentitySource"], type: "jwt" },
  };
}

function lambda(logicalId: string, name: string, config: Json): Json {
  for (const property of ["FunctionArn", "AuthorizerPayloadFormatVersion"])
    if (!config[property]) throw resourceError(logicalId, `${name} Lambda Authorizer must define '${property}'.`);
  const text = "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${__FunctionArn__}/invocations";
  const authorizer: Json = {
    type: "request",
    authorizerUri: sub(text, { __FunctionArn__: config["FunctionArn"] }),
  };
  const role = config["FunctionInvokeRole"];
  if (role && role !== "NONE") authorizer["authorizerCredentials"] = role;
  if (isTruthy(config["Identity"])) {
    const identity = expectMap(config["Identity"], logicalId, `Auth.Authorizers.${name}.Identity`);
    if (identity["ReauthorizeEvery"] !== undefined)
      authorizer["authorizerResultTtlInSeconds"] = identity["ReauthorizeEvery"];
    authorizer["identitySource"] = identitySources(logicalId, name, identity);
  }
  authorizer["authorizerPayloadFormatVersion"] = config["AuthorizerPayloadFormatVersion"];
  if (config["EnableSimpleResponses"]) authorizer["enableSimpleResponses"] = config["EnableSimpleResponses"];
  return { type: "apiKey", name: "Unused", in: "header", "x-amazon-apigateway-authorizer": authorizer };
}

function identitySources(logicalId: string, name: string, identity: Json): string[] {
  const sources = [
    ["Headers", "$request.header."],
    ["QueryStrings", "$request.querystring."],
    ["StageVariables", "$stageVariables."],
    ["Context", "$context."],
  ] as const;
  return sources.flatMap(([property, prefix]) => {
    if (!isTruthy(identity[property])) return [];
    const path = `Authorizers.${name}.Identity.${property}`;
    return expectList(identity[property], logicalId, path).map(
      (value, index) => prefix + expectString(value, logicalId, `${path}[${index}]`),
    );
  });
}
