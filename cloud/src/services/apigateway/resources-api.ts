import type { Readable } from "node:stream";
import type { EndpointConfiguration, PatchOperation } from "@aws-sdk/client-api-gateway";
import { defineResource, type ResourceContext, type ResourceTag } from "../../deploy/resource.ts";

/** The CloudFormation type of a REST API. */

interface ApiProps {
  Name?: string;
  Description?: string;
  Version?: string;
  ApiKeySourceType?: "HEADER" | "AUTHORIZER";
  BinaryMediaTypes?: string[];
  Body?: object | string;
  BodyS3Location?: { Bucket: string; Key: string; Version?: string; ETag?: string };
  CloneFrom?: string;
  DisableExecuteApiEndpoint?: boolean;
  EndpointConfiguration?: { Types?: string[]; IpAddressType?: string; VpcEndpointIds?: string[] };
  FailOnWarnings?: boolean;
  MinimumCompressionSize?: number;
  Mode?: "overwrite" | "merge";
  Parameters?: Record<string, string>;
  Policy?: object | string;
  Tags?: ResourceTag[];
}

export const restApi = defineResource<ApiProps>({
  type: "AWS::ApiGateway::RestApi",
  honours: {
    Name: true,
    Description: true,
    Version: true,
    ApiKeySourceType: true,
    BinaryMediaTypes: true,
    Body: true,
    BodyS3Location: true,
    CloneFrom: true,
    DisableExecuteApiEndpoint: true,
    EndpointConfiguration: { Types: true, IpAddressType: true },
    FailOnWarnings: true,
    MinimumCompressionSize: true,
    Mode: true,
    Parameters: true,
    Policy: true,
    Tags: true,
  },
  check: (props) =>
    props.EndpointConfiguration?.Types?.includes("PRIVATE")
      ? ["Katachi does not emulate EndpointConfiguration PRIVATE of AWS::ApiGateway::RestApi"]
      : [],
  async create(cx, props) {
    const made = await cx.call("apigateway", "CreateRestApi", {
      name: props.Name ?? titleOf(props.Body) ?? cx.physicalName(128),
      description: props.Description,
      version: props.Version,
      cloneFrom: props.CloneFrom,
      apiKeySource: props.ApiKeySourceType,
      binaryMediaTypes: props.BinaryMediaTypes,
      minimumCompressionSize: props.MinimumCompressionSize,
      endpointConfiguration: endpointOf(props),
      policy: policyOf(props),
      disableExecuteApiEndpoint: props.DisableExecuteApiEndpoint,
      tags: cx.mergedTagMap(props.Tags),
    });
    cx.initiated(made.id!);
    await putBody(cx, made.id!, props);
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId: restApiId, props, previous }) {
    await putBody(cx, restApiId, props);
    const patchOperations = changes(previous, props);
    if (patchOperations.length > 0) await cx.call("apigateway", "UpdateRestApi", { restApiId, patchOperations });
    await retag(cx, `arn:aws:apigateway:${cx.scope.region}::/restapis/${restApiId}`, previous.Tags, props.Tags);
  },
  async delete(cx, { physicalId }) {
    await cx.call("apigateway", "DeleteRestApi", { restApiId: physicalId });
  },
  async attributes(cx, physicalId) {
    const api = await cx.call("apigateway", "GetRestApi", { restApiId: physicalId });
    return { RestApiId: physicalId, RootResourceId: api.rootResourceId };
  },
});

function titleOf(body: object | string | undefined): string | undefined {
  const document: unknown = typeof body === "string" ? parse(body) : body;
  return (document as { info?: { title?: string } } | undefined)?.info?.title;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function endpointOf({ EndpointConfiguration }: ApiProps): EndpointConfiguration | undefined {
  if (!EndpointConfiguration) return undefined;
  const { Types, IpAddressType } = EndpointConfiguration;
  return {
    types: Types as EndpointConfiguration["types"],
    ipAddressType: (IpAddressType ?? "ipv4") as EndpointConfiguration["ipAddressType"],
  };
}

function policyOf({ Policy }: ApiProps): string | undefined {
  if (Policy === undefined || (typeof Policy === "object" && Object.keys(Policy).length === 0)) return undefined;
  return typeof Policy === "string" ? Policy : JSON.stringify(Policy);
}

/** Puts the API's definition, and over it again what the template says beside it. */
async function putBody(cx: ResourceContext, restApiId: string, props: ApiProps): Promise<void> {
  const body = await definitionOf(cx, props);
  if (body === undefined) return;
  await cx.call("apigateway", "PutRestApi", {
    restApiId,
    body: Buffer.from(body),
    mode: props.Mode ?? "overwrite",
    failOnWarnings: props.FailOnWarnings,
    parameters: props.Parameters,
  });
  const patchOperations = changes({ EndpointConfiguration: props.EndpointConfiguration }, props);
  if (patchOperations.length > 0) await cx.call("apigateway", "UpdateRestApi", { restApiId, patchOperations });
}

async function definitionOf(cx: ResourceContext, { Body, BodyS3Location }: ApiProps): Promise<string | undefined> {
  if (Body !== undefined) return typeof Body === "string" ? Body : JSON.stringify(Body);
  if (BodyS3Location === undefined) return undefined;
  const { Bucket, Key, Version, ETag } = BodyS3Location;
  const object = await cx.call("s3", "GetObject", { Bucket, Key, VersionId: Version, IfMatch: ETag });
  return textOf(object.Body);
}

async function textOf(body: unknown): Promise<string> {
  if (typeof body === "string") return body;
  if (body instanceof Uint8Array) return Buffer.from(body).toString("utf8");
  const chunks: Buffer[] = [];
  for await (const chunk of body as Readable) chunks.push(Buffer.from(chunk as Uint8Array));
  return Buffer.concat(chunks).toString("utf8");
}

/** The patch operations that lead from one set of properties to another. */
function changes(previous: ApiProps, props: ApiProps): PatchOperation[] {
  const operations: PatchOperation[] = [];
  const replace = (path: string, before: unknown, now: unknown) => {
    const text = now === undefined ? "" : String(now);
    if (String(before ?? "") !== text) operations.push({ op: "replace", path, value: text });
  };
  if (props.Name !== undefined) replace("/name", previous.Name, props.Name);
  replace("/description", previous.Description, props.Description);
  replace("/version", previous.Version, props.Version);
  replace("/policy", policyOf(previous), policyOf(props));
  if (props.ApiKeySourceType !== previous.ApiKeySourceType)
    replace("/apiKeySource", previous.ApiKeySourceType, props.ApiKeySourceType ?? "HEADER");
  replace("/minimumCompressionSize", previous.MinimumCompressionSize, props.MinimumCompressionSize);
  if (props.DisableExecuteApiEndpoint !== previous.DisableExecuteApiEndpoint)
    replace("/disableExecuteApiEndpoint", previous.DisableExecuteApiEndpoint, props.DisableExecuteApiEndpoint ?? false);
  const [before, now] = [new Set(previous.BinaryMediaTypes), new Set(props.BinaryMediaTypes)];
  for (const type of before) if (!now.has(type)) operations.push({ op: "remove", path: binaryPath(type) });
  for (const type of now) if (!before.has(type)) operations.push({ op: "add", path: binaryPath(type) });
  const [type, oldType] = [props.EndpointConfiguration?.Types?.[0], previous.EndpointConfiguration?.Types?.[0]];
  if (type !== undefined && type !== oldType)
    operations.push({ op: "replace", path: `/endpointConfiguration/types/${oldType ?? "EDGE"}`, value: type });
  return operations;
}

function binaryPath(type: string): string {
  return `/binaryMediaTypes/${type.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** Brings the tags of a resource of API Gateway up to date. */
export async function retag(
  cx: ResourceContext,
  resourceArn: string,
  previous: readonly ResourceTag[] | undefined,
  now: readonly ResourceTag[] | undefined,
): Promise<void> {
  const tags = cx.mergedTagMap(now);
  const tagKeys = cx.removedTagKeys(previous, now);
  if (tagKeys.length > 0) await cx.call("apigateway", "UntagResource", { resourceArn, tagKeys });
  if (Object.keys(tags).length > 0) await cx.call("apigateway", "TagResource", { resourceArn, tags });
}
