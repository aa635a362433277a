import type { RestApi } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { executeArn } from "../../../gateway/arn.ts";
import { compilePolicy } from "../../../iam/policy.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getApi } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { boolean, items, number, patched, text, values, type PatchRules } from "../patch.ts";
import { dateOf, type ApiRecord } from "../state.ts";
import { checkTags } from "../tags.ts";

const COMPRESSION_MAX = 10_485_760;

/** AWS: the models that every API begins with. */
const FIRST_MODELS = [
  {
    name: "Empty",
    description: "This is a default empty schema model",
    schema: `{\n  "$schema": "http://json-schema.org/draft-04/schema#",\n  "title" : "Empty Schema",\n  "type" : "object"\n}`,
  },
  {
    name: "Error",
    description: "This is a default error schema model",
    schema: `{\n  "$schema" : "http://json-schema.org/draft-04/schema#",\n  "title" : "Error Schema",\n  "type" : "object",\n  "properties" : {\n    "message" : { "type" : "string" }\n  }\n}`,
  },
];

export function createRestApi(cx: Cx, input: Input<"apigateway", "CreateRestApi">): RestApi {
  refuseSettings(input);
  checkTags(input.tags);
  if (input.cloneFrom !== undefined) return describe(cloneOf(cx, input));
  const api = newApi(cx, { ...input, name: input.name! });
  addRoot(cx, api);
  return describe(api);
}

/** Keeps a new API. @throws AwsError BadRequestException */
export function newApi(cx: Cx, facts: Partial<ApiRecord> & { name: string }): ApiRecord {
  const { id = cx.state.apis.newId(10) } = facts;
  const api: ApiRecord = defined({
    id,
    scope: cx.scope,
    createdMs: cx.kernel.clock.now(),
    name: facts.name,
    description: facts.description,
    version: facts.version,
    binaryMediaTypes: facts.binaryMediaTypes,
    minimumCompressionSize: facts.minimumCompressionSize,
    apiKeySource: facts.apiKeySource ?? "HEADER",
    endpointConfiguration: facts.endpointConfiguration ?? { types: ["EDGE"], ipAddressType: "ipv4" },
    policy: facts.policy === undefined ? undefined : policyOf(cx, id, facts.policy),
    tags: facts.tags,
    disableExecuteApiEndpoint: facts.disableExecuteApiEndpoint ?? false,
    rootResourceId: facts.rootResourceId ?? cx.state.apis.newId(10),
  });
  checkApi(api);
  cx.state.apis.apis.put([api.id], api);
  return api;
}

function addRoot(cx: Cx, api: ApiRecord): void {
  const { apis } = cx.state;
  apis.resources.put([api.id, api.rootResourceId], { id: api.rootResourceId, path: "/", resourceMethods: {} });
  for (const model of FIRST_MODELS)
    apis.models.put([api.id, model.name], { ...model, id: apis.newId(6), contentType: "application/json" });
}

/** AWS: "The ID of the RestApi that you want to clone from": all but its deployments and stages. */
function cloneOf(cx: Cx, input: Input<"apigateway", "CreateRestApi">): ApiRecord {
  const { apis } = cx.state;
  const source = getApi(cx, input.cloneFrom);
  const { cloneFrom: _, ...given } = input;
  const api = newApi(cx, { ...source, ...defined(given), name: input.name!, id: apis.newId(10) });
  const range = { prefix: [source.id] };
  for (const record of Array.from(apis.resources.values(range))) apis.resources.put([api.id, record.id], record);
  for (const record of Array.from(apis.authorizers.values(range))) apis.authorizers.put([api.id, record.id], record);
  for (const record of Array.from(apis.models.values(range))) apis.models.put([api.id, record.name], record);
  for (const record of Array.from(apis.validators.values(range))) apis.validators.put([api.id, record.id], record);
  for (const record of Array.from(apis.gatewayResponses.values(range)))
    apis.gatewayResponses.put([api.id, record.responseType], record);
  return api;
}

/** @throws NotEmulatedError */
export function refuseSettings(input: {
  endpointConfiguration?: RestApi["endpointConfiguration"];
  securityPolicy?: string | undefined;
  endpointAccessMode?: string | undefined;
}): void {
  const { types = [], vpcEndpointIds = [] } = input.endpointConfiguration ?? {};
  if (types.includes("PRIVATE") || vpcEndpointIds.length > 0)
    throw new NotEmulatedError("private REST APIs (endpointConfiguration PRIVATE)");
  if (input.securityPolicy !== undefined) throw new NotEmulatedError("securityPolicy of REST APIs");
  if (input.endpointAccessMode !== undefined) throw new NotEmulatedError("endpointAccessMode of REST APIs");
}

/** @throws AwsError BadRequestException */
function checkApi({ name, minimumCompressionSize: size }: ApiRecord): void {
  if (name === "") throw badRequest("No API name specified");
  if (size !== undefined && (size < 0 || size > COMPRESSION_MAX))
    throw badRequest(`Invalid minimum compression size, must be between 0 and ${COMPRESSION_MAX}`);
}

/**
 * A resource policy as it is kept: AWS writes `execute-api:/…` out as the API's ARN.
 * @throws AwsError BadRequestException
 */
function policyOf(cx: Cx, apiId: string, policy: string): string | undefined {
  if (policy === "") return undefined;
  const written = policy.replaceAll(/"execute-api:\/?([^"]*)"/g, (whole, rest: string) =>
    /^[A-Za-z]+$/.test(rest) || rest === "*"
      ? rest === "*"
        ? `"${executeArn(cx.scope, apiId)}/*"`
        : whole
      : `"${executeArn(cx.scope, apiId)}/${rest}"`,
  );
  try {
    compilePolicy(written);
  } catch (error) {
    throw badRequest(
      `Invalid policy document. Please check the policy syntax and ensure that Principals are valid. ${(error as Error).message}`,
    );
  }
  return written;
}

export function getRestApi(cx: Cx, { restApiId }: Input<"apigateway", "GetRestApi">): RestApi {
  return describe(getApi(cx, restApiId));
}

export function getRestApis(cx: Cx, input: Input<"apigateway", "GetRestApis">): Output<"apigateway", "GetRestApis"> {
  const page = pageOf(cx.state.apis.apisOf(cx.scope), input);
  return { ...page, items: page.items.map((api) => describe(api)) };
}

/** AWS: "UpdateRestApi" patch operations. */
const RULES: PatchRules = {
  "/name": text,
  "/description": text,
  "/version": text,
  "/policy": text,
  "/apiKeySource": text,
  "/minimumCompressionSize": number,
  "/disableExecuteApiEndpoint": boolean,
  "/binaryMediaTypes/*": items,
  "/endpointConfiguration/types/*": { ops: ["replace"], kind: "items" },
  "/endpointConfiguration/ipAddressType": text,
  "/endpointConfiguration/vpcEndpointIds": values,
};

export function updateRestApi(cx: Cx, { restApiId, patchOperations }: Input<"apigateway", "UpdateRestApi">): RestApi {
  const api = getApi(cx, restApiId);
  return describe(updateApi(cx, api, patched(api, patchOperations, RULES)));
}

/** Keeps an API with some of its facts changed. @throws AwsError BadRequestException */
export function updateApi(cx: Cx, api: ApiRecord, facts: Partial<ApiRecord>): ApiRecord {
  const changed = defined({ ...api, ...facts });
  if (facts.policy !== undefined) changed.policy = policyOf(cx, api.id, facts.policy);
  refuseSettings(changed);
  checkApi(changed);
  cx.state.apis.apis.put([api.id], defined(changed));
  cx.state.changed(api.id);
  return changed;
}

export function deleteRestApi(cx: Cx, { restApiId }: Input<"apigateway", "DeleteRestApi">): Record<string, never> {
  const api = getApi(cx, restApiId);
  cx.state.apis.removeApi(api);
  for (const plan of cx.state.apis.plansOf(cx.scope)) {
    const apiStages = plan.apiStages.filter(({ apiId }) => apiId !== api.id);
    if (apiStages.length < plan.apiStages.length) cx.state.apis.plans.put([plan.id], { ...plan, apiStages });
  }
  cx.state.forget(api.id);
  return {};
}

/** An API as calls answer it. */
export function describe(record: ApiRecord): RestApi {
  const { scope: _, createdMs, ...api } = record;
  return { ...api, createdDate: dateOf(createdMs), apiStatus: "AVAILABLE" };
}
