import type { Integration, IntegrationResponse } from "@aws-sdk/client-api-gateway";
import type { Input } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { passRole } from "../../../iam/pass-role.ts";
import { badRequest, notFound } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { wholeMatch } from "../java-regex.ts";
import { defined, getIntegration as findIntegration, getMethod, type MethodAt } from "../lookup.ts";
import { member, number, patched, removableText, text, values, type PatchRules } from "../patch.ts";
import type { IntegrationRecord, IntegrationResponseRecord } from "../state.ts";
import { keepMethod } from "./methods.ts";

const TIMEOUT_DEFAULT_MS = 29_000;
const TIMEOUT_MIN_MS = 50;
const URI = /^(?:https?:\/\/|arn:aws[\w-]*:apigateway:|.*\$\{stageVariables\.)/;
const AWS_URI = /^arn:aws[\w-]*:apigateway:[\w-]+:(?:[\w.-]+|.*\$\{stageVariables\.[^}]+\}[^:]*):(?:action|path)\/\S*$/;

export function putIntegration(cx: Cx, input: Input<"apigateway", "PutIntegration">): Integration {
  const at = getMethod(cx, input as Required<typeof input>);
  const { restApiId: _, resourceId, httpMethod: _method, integrationHttpMethod, ...facts } = input;
  const integration: IntegrationRecord = defined({
    ...facts,
    type: input.type!,
    httpMethod: integrationHttpMethod,
    passthroughBehavior: input.passthroughBehavior ?? "WHEN_NO_MATCH",
    timeoutInMillis: input.timeoutInMillis ?? TIMEOUT_DEFAULT_MS,
    cacheNamespace: input.cacheNamespace ?? resourceId!,
    cacheKeyParameters: input.cacheKeyParameters ?? [],
  });
  checkIntegration(integration);
  if (integration.credentials) cx.authorize(passRole(integration.credentials, "apigateway.amazonaws.com"));
  keepMethod(cx, { ...at, method: { ...at.method, methodIntegration: integration } });
  return integration;
}

/** @throws AwsError BadRequestException; NotEmulatedError */
export function checkIntegration(integration: IntegrationRecord): void {
  const { type, uri, httpMethod, timeoutInMillis, credentials } = integration;
  if (integration.connectionType === "VPC_LINK")
    throw new NotEmulatedError("integrations through a VPC link (connectionType VPC_LINK)");
  if (integration.responseTransferMode === "STREAM")
    throw new NotEmulatedError("response streaming (responseTransferMode STREAM)");
  if (integration.integrationTarget !== undefined)
    throw new NotEmulatedError("load balancers as integrations (integrationTarget)");
  if (type !== "MOCK" && (httpMethod === undefined || httpMethod === ""))
    throw badRequest("Enumeration value for HttpMethod must be non-empty");
  if (type !== "MOCK" && !URI.test(uri ?? "")) throw badRequest("Invalid HTTP endpoint specified for URI");
  if ((type === "AWS" || type === "AWS_PROXY") && !AWS_URI.test(uri!))
    throw badRequest("AWS ARN for integration must contain path or action");
  if (type === "AWS_PROXY" && !/:lambda:path\//.test(uri!) && !uri!.includes("${"))
    throw badRequest(
      "Integrations of type 'AWS_PROXY' currently only supports Lambda function and Firehose stream invocations.",
    );
  if (
    credentials !== undefined &&
    credentials !== "" &&
    !/^arn:aws[\w-]*:iam::(?:\d{12}|\*):(?:role\/\S+|user\/\*)$/.test(credentials)
  )
    throw badRequest("Invalid ARN specified in the request");
  if (credentials?.endsWith(":user/*"))
    throw new NotEmulatedError("the integration credentials of the caller (arn:aws:iam::*:user/*)");
  if (timeoutInMillis < TIMEOUT_MIN_MS || timeoutInMillis > TIMEOUT_DEFAULT_MS)
    throw badRequest(`Timeout should be between ${TIMEOUT_MIN_MS} ms and ${TIMEOUT_DEFAULT_MS} ms`);
  for (const [name, value] of Object.entries(integration.requestParameters ?? {})) checkRequestParameter(name, value);
}

const TARGET = /^integration\.request\.(?:path|querystring|header|multivaluequerystring|multivalueheader)\.[^\s]+$/;
const SOURCE =
  /^(?:'[^]*'|method\.request\.(?:path|querystring|header|multivaluequerystring|multivalueheader)\.[^\s]+|method\.request\.body(?:\..+|\[.+)?|context\.[^\s]+|stageVariables\.[^\s]+)$/;

function checkRequestParameter(name: string, value: string): void {
  const wrong = !TARGET.test(name) ? name : !SOURCE.test(value) ? value : undefined;
  if (wrong === undefined) return;
  throw badRequest(
    `Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression ${wrong === name ? "parameter " : ""}specified: ${wrong}]`,
  );
}

export function getIntegration(cx: Cx, input: Input<"apigateway", "GetIntegration">): Integration {
  return findIntegration(cx, input as Required<typeof input>).integration;
}

/** AWS: "UpdateIntegration" patch operations. */
const RULES: PatchRules = {
  "/uri": text,
  "/httpMethod": text,
  "/credentials": removableText,
  "/connectionType": text,
  "/connectionId": text,
  "/passthroughBehavior": text,
  "/contentHandling": removableText,
  "/timeoutInMillis": number,
  "/cacheNamespace": text,
  "/cacheKeyParameters": values,
  "/requestParameters/*": member,
  "/requestTemplates/*": member,
};

export function updateIntegration(cx: Cx, input: Input<"apigateway", "UpdateIntegration">): Integration {
  const { integration, ...at } = findIntegration(cx, input as Required<typeof input>);
  const changed = defined(patched(integration, input.patchOperations, RULES));
  checkIntegration(changed);
  if (changed.credentials && changed.credentials !== integration.credentials)
    cx.authorize(passRole(changed.credentials, "apigateway.amazonaws.com"));
  keepMethod(cx, { ...at, method: { ...at.method, methodIntegration: changed } });
  return changed;
}

export function deleteIntegration(cx: Cx, input: Input<"apigateway", "DeleteIntegration">): Record<string, never> {
  const at = findIntegration(cx, input as Required<typeof input>);
  const { methodIntegration: _, ...method } = at.method;
  keepMethod(cx, { ...at, method });
  return {};
}

// ---- responses ----

type ResponseInput = Input<"apigateway", "GetIntegrationResponse">;

export function putIntegrationResponse(
  cx: Cx,
  input: Input<"apigateway", "PutIntegrationResponse">,
): IntegrationResponse {
  const at = findIntegration(cx, input as Required<typeof input>);
  const { statusCode = "", selectionPattern, responseParameters, responseTemplates, contentHandling } = input;
  if (!at.method.methodResponses?.[statusCode]) throw notFound("Invalid Response status code specified");
  const response: IntegrationResponseRecord = defined({
    statusCode,
    selectionPattern,
    responseParameters,
    responseTemplates,
    contentHandling,
  });
  return keepResponse(cx, at, response);
}

const RESPONSE_TARGET = /^method\.response\.(?:header|multivalueheader)\.[^\s]+$/;
const RESPONSE_SOURCE =
  /^(?:'[^]*'|integration\.response\.(?:header|multivalueheader)\.[^\s]+|integration\.response\.body(?:\..+|\[.+)?|context\.[^\s]+|stageVariables\.[^\s]+)$/;

function keepResponse(
  cx: Cx,
  at: MethodAt & { integration: IntegrationRecord },
  response: IntegrationResponseRecord,
): IntegrationResponseRecord {
  const declared = at.method.methodResponses?.[response.statusCode]?.responseParameters ?? {};
  for (const [name, value] of Object.entries(response.responseParameters ?? {})) {
    const wrong = !RESPONSE_TARGET.test(name) ? name : !RESPONSE_SOURCE.test(value) ? value : undefined;
    const problem =
      wrong !== undefined
        ? `Invalid mapping expression specified: ${wrong}`
        : Object.hasOwn(declared, name)
          ? undefined
          : `Invalid mapping expression parameter specified: ${name}`;
    if (problem !== undefined)
      throw badRequest(`Invalid mapping expression specified: Validation Result: warnings : [], errors : [${problem}]`);
  }
  if (response.selectionPattern !== undefined) checkPattern(response.selectionPattern);
  const integrationResponses = { ...at.integration.integrationResponses, [response.statusCode]: response };
  keepMethod(cx, { ...at, method: { ...at.method, methodIntegration: { ...at.integration, integrationResponses } } });
  return response;
}

function checkPattern(pattern: string): void {
  try {
    wholeMatch(pattern);
  } catch {
    throw badRequest(`Invalid selection pattern specified: ${pattern}`);
  }
}

function findResponse(cx: Cx, input: ResponseInput) {
  const at = findIntegration(cx, input as Required<ResponseInput>);
  const response = at.integration.integrationResponses?.[input.statusCode ?? ""];
  if (!response) throw notFound("Invalid Integration Response identifier specified");
  return { ...at, response };
}

export function getIntegrationResponse(cx: Cx, input: ResponseInput): IntegrationResponse {
  return findResponse(cx, input).response;
}

const RESPONSE_RULES: PatchRules = {
  "/selectionPattern": text,
  "/contentHandling": removableText,
  "/responseParameters/*": member,
  "/responseTemplates/*": member,
};

export function updateIntegrationResponse(
  cx: Cx,
  input: Input<"apigateway", "UpdateIntegrationResponse">,
): IntegrationResponse {
  const { response, ...at } = findResponse(cx, input);
  return keepResponse(cx, at, patched(response, input.patchOperations, RESPONSE_RULES));
}

export function deleteIntegrationResponse(
  cx: Cx,
  input: Input<"apigateway", "DeleteIntegrationResponse">,
): Record<string, never> {
  const { response, ...at } = findResponse(cx, input);
  const { [response.statusCode]: _, ...integrationResponses } = at.integration.integrationResponses!;
  keepMethod(cx, { ...at, method: { ...at.method, methodIntegration: { ...at.integration, integrationResponses } } });
  return {};
}
