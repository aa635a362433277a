import type { Input, Output } from "../../../aws/api-types.ts";
import { checkCors } from "../cors-rules.ts";
import { apiChanged } from "../deployment.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getApi } from "../lookup.ts";
import { readDefinition, type ApiDefinition, type BasePath } from "../openapi/document.ts";
import type { ApiRecord } from "../state.ts";
import { checkTags } from "../tags.ts";
import { describe, newApi } from "./apis.ts";
import { newAuthorizer } from "./authorizers.ts";
import { newIntegration } from "./integrations.ts";
import { newRoute } from "./routes.ts";

type Imported = Output<"apigatewayv2", "ImportApi">;

interface Source {
  Body?: string | undefined;
  Basepath?: string | undefined;
  FailOnWarnings?: boolean | undefined;
}

export function importApi(cx: Cx, input: Input<"apigatewayv2", "ImportApi">): Imported {
  const definition = read(input);
  const api = newApi(cx, { ...settingsOf(definition), Name: definition.name, IpAddressType: "ipv4" });
  cx.state.apis.addApi(api);
  fill(cx, api, definition);
  return describe(cx, api);
}

/** AWS: replaces all that the definition covers; stages and deployments stay. */
export function reimportApi(cx: Cx, input: Input<"apigatewayv2", "ReimportApi">): Imported {
  const former = getApi(cx, input.ApiId);
  const definition = read(input);
  const { CorsConfiguration: _, ...kept } = former;
  const settings = settingsOf(definition);
  const api: ApiRecord = { ...kept, ...settings, Name: definition.name, Tags: settings.Tags ?? former.Tags };
  const { apis } = cx.state;
  apis.apis.put([api.ApiId], api);
  for (const collection of [apis.routes, apis.integrations, apis.authorizers])
    collection.clear({ prefix: [api.ApiId] });
  fill(cx, api, definition);
  apiChanged(cx, api);
  return describe(cx, api);
}

function read({ Body = "", Basepath = "ignore", FailOnWarnings }: Source): ApiDefinition {
  if (!["ignore", "prepend", "split"].includes(Basepath))
    throw badRequest(`Invalid basepath: ${Basepath}; allowed: ignore, prepend, split`);
  const definition = readDefinition(Body, Basepath as BasePath);
  if (FailOnWarnings && definition.warnings.length > 0)
    throw badRequest(`Warnings found during import:\n\t${definition.warnings.join("\n\t")}`);
  checkCors(definition.cors);
  checkTags(definition.tags);
  return definition;
}

function settingsOf(definition: ApiDefinition) {
  return {
    Description: definition.description,
    Version: definition.version,
    CorsConfiguration: definition.cors,
    DisableExecuteApiEndpoint: definition.disableExecuteApiEndpoint,
    Tags: definition.tags,
    ...(definition.warnings.length > 0 ? { Warnings: [...definition.warnings] } : {}),
  };
}

/** Makes the routes of a definition with what they need. */
function fill(cx: Cx, api: ApiRecord, definition: ApiDefinition): void {
  const { authorizers, integrations, routes } = cx.state.apis;
  const authorizerIds = new Map<string, string>();
  for (const given of definition.authorizers) {
    const authorizer = newAuthorizer(cx, given);
    authorizers.put([api.ApiId, authorizer.AuthorizerId], authorizer);
    authorizerIds.set(authorizer.Name, authorizer.AuthorizerId);
  }
  for (const { route: given, authorizer, integration: target } of definition.routes) {
    const integration = target && newIntegration(cx, target);
    if (integration) integrations.put([api.ApiId, integration.IntegrationId], integration);
    const route = newRoute(cx, api, {
      ...given,
      ...(authorizer === undefined ? {} : { AuthorizerId: authorizerIds.get(authorizer)! }),
      ...(integration ? { Target: `integrations/${integration.IntegrationId}` } : {}),
    });
    routes.put([api.ApiId, route.RouteId], route);
  }
}
