import type { Resource } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, invalidIdentifier, limitExceeded } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi, getResource as findResource } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { patched, text, type PatchRules } from "../patch.ts";
import type { MethodRecord, ResourceRecord } from "../state.ts";

/** AWS: "Quotas for configuring and running a REST API": resources per API. */
const RESOURCES_MAX = 300;
const PART = /^(?:[a-zA-Z0-9._\-:$@~!'()*+,;=%]+|\{[a-zA-Z0-9._\-:]+\+?\})$/;

export function createResource(cx: Cx, input: Input<"apigateway", "CreateResource">): Resource {
  const parent = findResource(cx, input.restApiId, input.parentId);
  const resource = addResource(cx, input.restApiId!, parent, input.pathPart!);
  return describe(resource, false);
}

/** @throws AwsError BadRequestException, ConflictException */
export function addResource(cx: Cx, apiId: string, parent: ResourceRecord, pathPart: string): ResourceRecord {
  const { resources } = cx.state.apis;
  checkPart(cx, apiId, parent, pathPart);
  if (resources.count({ prefix: [apiId] }) >= RESOURCES_MAX)
    throw limitExceeded(
      "Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.",
    );
  const resource: ResourceRecord = {
    id: cx.state.apis.newId(6),
    parentId: parent.id,
    pathPart,
    path: pathOf(parent, pathPart),
    resourceMethods: {},
  };
  resources.put([apiId, resource.id], resource);
  cx.state.changed(apiId);
  return resource;
}

function checkPart(cx: Cx, apiId: string, parent: ResourceRecord, part: string, self?: string): void {
  if (!PART.test(part))
    throw badRequest(
      "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.",
    );
  if (isGreedy(parent.pathPart))
    throw badRequest(`Cannot create a child of a resource with a greedy path variable: ${parent.pathPart}`);
  for (const sibling of cx.state.apis.resources.values({ prefix: [apiId] })) {
    if (sibling.parentId !== parent.id || sibling.id === self) continue;
    if (sibling.pathPart === part)
      throw conflict(`Another resource with the same parent already has this name: ${part}`);
    if (isVariable(part) && isVariable(sibling.pathPart))
      throw badRequest(
        `A sibling (${sibling.pathPart}) of this resource already has a variable path part -- only one is allowed`,
      );
  }
}

function isGreedy(part: string | undefined): boolean {
  return part?.endsWith("+}") ?? false;
}

function isVariable(part: string | undefined): boolean {
  return part?.startsWith("{") === true && !isGreedy(part);
}

function pathOf(parent: ResourceRecord, part: string): string {
  return `${parent.path === "/" ? "" : parent.path}/${part}`;
}

type Embed = { embed?: string[] | undefined };

export function getResource(cx: Cx, input: Input<"apigateway", "GetResource">): Resource {
  return describe(findResource(cx, input.restApiId, input.resourceId), hasMethods(input));
}

export function getResources(cx: Cx, input: Input<"apigateway", "GetResources">): Output<"apigateway", "GetResources"> {
  const api = getApi(cx, input.restApiId);
  const page = pageOf([...cx.state.apis.resources.values({ prefix: [api.id] })], input);
  return { ...page, items: page.items.map((resource) => describe(resource, hasMethods(input))) };
}

function hasMethods({ embed }: Embed): boolean {
  return embed?.includes("methods") ?? false;
}

const RULES: PatchRules = { "/parentId": text, "/pathPart": text };

export function updateResource(cx: Cx, input: Input<"apigateway", "UpdateResource">): Resource {
  const resource = findResource(cx, input.restApiId, input.resourceId);
  const changed = patched(resource, input.patchOperations, RULES);
  for (const { path } of input.patchOperations ?? [])
    if (resource.parentId === undefined) throw badRequest(`Root resource cannot update its ${path!.slice(1)}.`);
  if (changed.parentId === undefined) return describe(resource, false);
  const apiId = input.restApiId!;
  const parent = cx.state.apis.resources.get([apiId, changed.parentId]);
  if (!parent) throw invalidIdentifier("Resource");
  if (`${parent.path}/`.startsWith(`${resource.path}/`)) throw badRequest("Resources cannot be cyclical.");
  checkPart(cx, apiId, parent, changed.pathPart!, resource.id);
  move(cx, apiId, changed, pathOf(parent, changed.pathPart!));
  cx.state.changed(apiId);
  return describe(cx.state.apis.resources.get([apiId, resource.id])!, false);
}

/** Gives a resource and all below it their new paths. */
function move(cx: Cx, apiId: string, resource: ResourceRecord, path: string): void {
  const { resources } = cx.state.apis;
  resources.put([apiId, resource.id], { ...resource, path });
  for (const child of childrenOf(cx, apiId, resource.id))
    move(cx, apiId, child, pathOf({ ...resource, path }, child.pathPart!));
}

function childrenOf(cx: Cx, apiId: string, id: string): ResourceRecord[] {
  return [...cx.state.apis.resources.values({ prefix: [apiId] })].filter((child) => child.parentId === id);
}

export function deleteResource(cx: Cx, input: Input<"apigateway", "DeleteResource">): Record<string, never> {
  const resource = findResource(cx, input.restApiId, input.resourceId);
  if (resource.parentId === undefined) throw badRequest("Root resource cannot be deleted.");
  remove(cx, input.restApiId!, resource);
  cx.state.changed(input.restApiId!);
  return {};
}

/** AWS: what is below a deleted resource goes with it. */
function remove(cx: Cx, apiId: string, resource: ResourceRecord): void {
  for (const child of childrenOf(cx, apiId, resource.id)) remove(cx, apiId, child);
  cx.state.apis.resources.remove([apiId, resource.id]);
}

/** AWS: methods are only named unless they are asked for. */
function describe({ resourceMethods, ...resource }: ResourceRecord, embeds: boolean): Resource {
  const entries = Object.entries(resourceMethods);
  if (entries.length === 0) return resource;
  return {
    ...resource,
    resourceMethods: Object.fromEntries(
      entries.map(([name, method]) => [name, embeds ? (method as MethodRecord) : {}]),
    ),
  };
}
