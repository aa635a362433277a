import type { Integration, IntegrationType } from "@aws-sdk/client-apigatewayv2";
import { badRequest } from "../errors.ts";
import { defined, textOf, treeOf } from "../../../gateway/tree.ts";

const COMPONENT = "#/components/x-amazon-apigateway-integrations/";

/**
 * AWS: "x-amazon-apigateway-integration object", "x-amazon-apigateway-integrations object".
 * @param components where integrations that routes share are defined
 * @returns undefined for a route without an integration
 * @throws AwsError BadRequestException
 */
export function readIntegration(
  extension: unknown,
  components: Record<string, unknown>,
  routeKey: string,
): Partial<Integration> | undefined {
  if (extension === undefined) return undefined;
  const reference = textOf(treeOf(extension)["$ref"]);
  const found = reference === undefined ? treeOf(extension) : shared(reference, components, routeKey);
  const IntegrationType = textOf(found["type"])?.toUpperCase() as IntegrationType | undefined;
  const timeout = found["timeoutInMillis"];
  return defined({
    IntegrationType,
    IntegrationSubtype: textOf(found["integrationSubtype"]),
    IntegrationUri: textOf(found["uri"]),
    IntegrationMethod: methodOf(found["httpMethod"]),
    PayloadFormatVersion: formatOf(found["payloadFormatVersion"]),
    CredentialsArn: textOf(found["credentials"]),
    ConnectionType: textOf(found["connectionType"]) as Integration["ConnectionType"],
    ConnectionId: textOf(found["connectionId"]),
    Description: textOf(found["description"]),
    TimeoutInMillis: timeout === undefined ? undefined : Number(timeout),
    RequestParameters: textsOf(found["requestParameters"]),
    ResponseParameters: responsesOf(found["responseParameters"]),
    TlsConfig:
      found["tlsConfig"] === undefined
        ? undefined
        : { ServerNameToVerify: textOf(treeOf(found["tlsConfig"])["serverNameToVerify"]) },
  });
}

function shared(reference: string, components: Record<string, unknown>, routeKey: string): Record<string, unknown> {
  const name = reference.startsWith(COMPONENT) ? reference.slice(COMPONENT.length) : "";
  const integrations = treeOf(components["x-amazon-apigateway-integrations"]);
  if (!Object.hasOwn(integrations, name))
    throw badRequest(`Invalid OpenAPI input: the integration ${reference} of ${routeKey} is not defined`);
  return treeOf(integrations[name]);
}

function methodOf(value: unknown): string | undefined {
  const method = textOf(value)?.toUpperCase();
  return method === "X-AMAZON-APIGATEWAY-ANY-METHOD" ? "ANY" : method;
}

/** YAML reads `2.0` as a number. */
function formatOf(value: unknown): string | undefined {
  return typeof value === "number" ? value.toFixed(1) : textOf(value);
}

function textsOf(value: unknown): Record<string, string> | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(treeOf(value)).map(([name, text]) => [name, textOf(text) ?? JSON.stringify(text)]),
  );
}

function responsesOf(value: unknown): Record<string, Record<string, string>> | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(treeOf(value)).map(([status, parameters]) => [status, textsOf(parameters) ?? {}]),
  );
}
