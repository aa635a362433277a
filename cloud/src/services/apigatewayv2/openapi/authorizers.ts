import type { AuthorizationType, Authorizer } from "@aws-sdk/client-apigatewayv2";
import { badRequest } from "../errors.ts";
import { defined, listOf, textOf, treeOf } from "../../../gateway/tree.ts";

/** A security scheme, and what API Gateway makes of it. */
export interface Scheme {
  readonly name: string;
  /** Undefined for a scheme that only documents. */
  readonly authorizationType: AuthorizationType | undefined;
  readonly authorizer: (Partial<Authorizer> & { Name: string }) | undefined;
}

/** AWS: "x-amazon-apigateway-authorizer object", "x-amazon-apigateway-authtype property". @throws AwsError BadRequestException */
export function readAuthorizer(name: string, scheme: Record<string, unknown>): Scheme {
  if (scheme["x-amazon-apigateway-authtype"] === "awsSigv4")
    return { name, authorizationType: "AWS_IAM", authorizer: undefined };
  const extension = treeOf(scheme["x-amazon-apigateway-authorizer"]);
  const type = textOf(extension["type"])?.toLowerCase();
  if (type === undefined) return { name, authorizationType: undefined, authorizer: undefined };
  if (type === "jwt") return { name, authorizationType: "JWT", authorizer: readJwt(name, scheme, extension) };
  if (type === "request") return { name, authorizationType: "CUSTOM", authorizer: readRequest(name, extension) };
  throw badRequest(`Invalid OpenAPI input: authorizer ${name} has type ${type}; HTTP APIs support jwt and request`);
}

function readJwt(name: string, scheme: Record<string, unknown>, extension: Record<string, unknown>) {
  const configuration = treeOf(extension["jwtConfiguration"]);
  const discovery = textOf(scheme["openIdConnectUrl"])?.replace(/\/\.well-known\/openid-configuration$/, "");
  return {
    Name: name,
    AuthorizerType: "JWT",
    IdentitySource: sourcesOf(extension["identitySource"]) ?? ["$request.header.Authorization"],
    JwtConfiguration: defined({
      Issuer: textOf(configuration["issuer"]) ?? discovery,
      Audience: listOf(configuration["audience"]),
    }),
  } as const;
}

function readRequest(name: string, extension: Record<string, unknown>) {
  const ttl = extension["authorizerResultTtlInSeconds"];
  return defined({
    Name: name,
    AuthorizerType: "REQUEST" as const,
    IdentitySource: sourcesOf(extension["identitySource"]),
    AuthorizerUri: textOf(extension["authorizerUri"]),
    AuthorizerCredentialsArn: textOf(extension["authorizerCredentials"]),
    AuthorizerPayloadFormatVersion: textOf(extension["authorizerPayloadFormatVersion"]),
    AuthorizerResultTtlInSeconds: ttl === undefined ? undefined : Number(ttl),
    EnableSimpleResponses:
      extension["enableSimpleResponses"] === undefined ? undefined : extension["enableSimpleResponses"] === true,
  });
}

/** A list, or texts joined by commas. */
function sourcesOf(value: unknown): string[] | undefined {
  return typeof value === "string" ? value.split(",").map((source) => source.trim()) : listOf(value);
}
