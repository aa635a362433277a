import type { ContentHandlingStrategy, IntegrationType } from "@aws-sdk/client-api-gateway";
import { defined, listOf, textOf, treeOf, type Tree } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";
import { resolved } from "./reference.ts";

/** AWS: "x-amazon-apigateway-integration object". */
export interface IntegrationDefinition {
  readonly type: IntegrationType;
  readonly integrationHttpMethod: string | undefined;
  readonly uri: string | undefined;
  readonly credentials: string | undefined;
  readonly connectionType: "INTERNET" | "VPC_LINK" | undefined;
  readonly requestParameters: Record<string, string> | undefined;
  readonly requestTemplates: Record<string, string> | undefined;
  readonly passthroughBehavior: string | undefined;
  readonly contentHandling: ContentHandlingStrategy | undefined;
  readonly timeoutInMillis: number | undefined;
  readonly cacheNamespace: string | undefined;
  readonly cacheKeyParameters: string[] | undefined;
  readonly tlsConfig: { insecureSkipVerification: boolean } | undefined;
  readonly responseTransferMode: "BUFFERED" | "STREAM" | undefined;
  readonly integrationTarget: string | undefined;
  readonly responses: readonly IntegrationResponseDefinition[];
}

export interface IntegrationResponseDefinition {
  readonly statusCode: string;
  readonly selectionPattern: string | undefined;
  readonly responseParameters: Record<string, string> | undefined;
  readonly responseTemplates: Record<string, string> | undefined;
  readonly contentHandling: ContentHandlingStrategy | undefined;
}

const TYPES = ["AWS", "AWS_PROXY", "HTTP", "HTTP_PROXY", "MOCK"];

/** @throws AwsError BadRequestException */
export function readIntegration(document: Tree, value: unknown, path: string): IntegrationDefinition | undefined {
  if (value === undefined) return undefined;
  const given = resolved(document, value);
  const type = textOf(given["type"])?.toUpperCase() ?? "";
  if (!TYPES.includes(type))
    throw badRequest(`Unable to parse API definition because of a malformed integration at path ${path}.`);
  const timeout = given["timeoutInMillis"];
  return {
    type: type as IntegrationType,
    // AWS: a mock needs no method; documents write one all the same.
    integrationHttpMethod: textOf(given["httpMethod"])?.toUpperCase(),
    uri: textOf(given["uri"]),
    credentials: textOf(given["credentials"]),
    connectionType: textOf(given["connectionType"]) as "INTERNET" | "VPC_LINK" | undefined,
    requestParameters: textMap(given["requestParameters"]),
    requestTemplates: textMap(given["requestTemplates"]),
    passthroughBehavior: textOf(given["passthroughBehavior"])?.toUpperCase(),
    contentHandling: handlingOf(given["contentHandling"]),
    timeoutInMillis: timeout === undefined ? undefined : Number(timeout),
    cacheNamespace: textOf(given["cacheNamespace"]),
    cacheKeyParameters: listOf(given["cacheKeyParameters"]),
    tlsConfig:
      given["tlsConfig"] === undefined
        ? undefined
        : { insecureSkipVerification: treeOf(given["tlsConfig"])["insecureSkipVerification"] === true },
    responseTransferMode: textOf(given["responseTransferMode"])?.toUpperCase() as "STREAM" | undefined,
    integrationTarget: textOf(given["integrationTarget"]),
    responses: Object.entries(treeOf(given["responses"])).map(([pattern, response]) =>
      readResponse(pattern, treeOf(response)),
    ),
  };
}

function readResponse(pattern: string, response: Tree): IntegrationResponseDefinition {
  return defined({
    statusCode: textOf(response["statusCode"]) ?? "200",
    selectionPattern: pattern === "default" ? undefined : pattern,
    responseParameters: textMap(response["responseParameters"]),
    responseTemplates: textMap(response["responseTemplates"]),
    contentHandling: handlingOf(response["contentHandling"]),
  });
}

function handlingOf(value: unknown): ContentHandlingStrategy | undefined {
  return textOf(value)?.toUpperCase() as ContentHandlingStrategy | undefined;
}

/** A map of texts. Templates may be written as objects, as CloudFormation passes them on. */
export function textMap(value: unknown): Record<string, string> | undefined {
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(
    Object.entries(treeOf(value)).map(([name, one]) => [
      name,
      typeof one === "object" && one !== null ? JSON.stringify(one) : String(one ?? ""),
    ]),
  );
}
