import { ownAttributes, passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError, SamGap } from "./error.ts";
import { readHttpAuthorizers, type HttpAuthorizer } from "./http-api-authorizer.ts";
import {
  hashedId,
  isAlphanumeric,
  isIntrinsic,
  isNoValue,
  isObject,
  isSame,
  isTruthy,
  sub,
  type Json,
} from "./json.ts";
import { documentLocation } from "./location.ts";
import { isOpenApi, OpenApiEditor } from "./open-api.ts";
import { pythonOrder } from "./python-dict.ts";
import { propagateTags } from "./tags.ts";

const AUTH = ["Authorizers", "DefaultAuthorizer", "EnableIamAuthorizer"];
const DEFAULT_STAGE = "$default";

/** `AWS::Serverless::HttpApi`: the API with its routes, its stage, and what lets it call its authorizers. */
export function transformHttpApi(context: Context, source: Source): Made[] {
  const { logicalId, properties: p, resource } = source;
  if (isTruthy(p["Domain"])) throw new SamGap(`Domain (custom domain names) of the API ${logicalId}`);
  const body = p["DefinitionBody"] as Json | undefined;
  if (p["DefinitionUri"] && isTruthy(body))
    throw resourceError(logicalId, "Specify either 'DefinitionUri' or 'DefinitionBody' property and not both.");
  const cors = context.parameters.resolve(p["CorsConfiguration"]);
  if (isTruthy(cors)) addCors(logicalId, body, cors);
  const authorizers = isTruthy(p["Auth"]) ? addAuth(logicalId, body, p["Auth"] as Json) : {};
  const tags = addTags(source, body, context.isUnicode);
  addDescriptions(logicalId, body, p);
  if (!p["DefinitionUri"] && !isTruthy(body))
    throw resourceError(
      logicalId,
      "'DefinitionUri' or 'DefinitionBody' are required properties of an 'AWS::Serverless::HttpApi'. Add a value for one of these properties or add a 'HttpApi' event to an 'AWS::Serverless::Function'.",
    );
  if (p["FailOnWarnings"] && body) renameDefaultPath(body);
  const api: Made = {
    logicalId,
    type: "AWS::ApiGatewayV2::Api",
    properties: {
      FailOnWarnings: p["FailOnWarnings"] || undefined,
      ...(p["DefinitionUri"] ? { BodyS3Location: documentLocation(p["DefinitionUri"], logicalId) } : { Body: body }),
    },
    dependsOn: resource["DependsOn"],
    attributes: ownAttributes(resource),
  };
  const made = [api, ...permissions(source, authorizers), makeStage(source, tags)];
  propagateTags(made, tags, isTruthy(body));
  return made;
}

function addCors(logicalId: string, body: Json | undefined, given: unknown): void {
  if (!isTruthy(body))
    throw resourceError(logicalId, "Cors works only with inline OpenApi specified in 'DefinitionBody' property.");
  const cors: Json =
    given === true
      ? { AllowOrigins: ["*"] }
      : isIntrinsic(given) && !("AllowOrigins" in given)
        ? { AllowOrigins: given }
        : (given as Json);
  if (!isObject(cors)) throw resourceError(logicalId, "Invalid value for 'Cors' property.");
  const known = ["AllowMethods", "AllowHeaders", "AllowOrigins", "MaxAge", "ExposeHeaders", "AllowCredentials"];
  const unknown = Object.keys(cors).find((name) => !known.includes(name));
  if (unknown !== undefined) throw resourceError(logicalId, `Invalid key '${unknown}' for 'Cors' property.`);
  if (!isOpenApi(body))
    throw resourceError(
      logicalId,
      "Unable to add Cors configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
    );
  if (cors["AllowCredentials"] === true && isSame(cors["AllowOrigins"], ["*"]))
    throw resourceError(
      logicalId,
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set.",
    );
  new OpenApiEditor(body).addCors(cors);
}

function addAuth(logicalId: string, body: Json | undefined, auth: Json): Record<string, HttpAuthorizer> {
  if (!isTruthy(body))
    throw resourceError(logicalId, "Auth works only with inline OpenApi specified in the 'DefinitionBody' property.");
  if (Object.keys(auth).some((name) => !AUTH.includes(name)))
    throw resourceError(logicalId, "Invalid value for 'Auth' property");
  if (!isOpenApi(body))
    throw resourceError(
      logicalId,
      "Unable to add Auth configuration because 'DefinitionBody' does not contain a valid OpenApi definition.",
    );
  const authorizers = readHttpAuthorizers(logicalId, auth);
  const editor = new OpenApiEditor(body);
  editor.addSecuritySchemes(Object.fromEntries(Object.entries(authorizers).map(([name, one]) => [name, one.scheme])));
  const name = auth["DefaultAuthorizer"];
  if (!name || isNoValue(name)) return authorizers;
  if (typeof name !== "string") throw resourceError(logicalId, "Property 'Auth.DefaultAuthorizer' should be a string.");
  if (!Object.hasOwn(authorizers, name))
    throw resourceError(
      logicalId,
      `Unable to set DefaultAuthorizer because '${name}' was not defined in 'Authorizers'.`,
    );
  editor.setDefaultAuthorizer(name, authorizers[name]!.scopes);
  return authorizers;
}

/** SAM marks its HTTP APIs by a tag, in the document. */
function addTags({ logicalId, properties: p }: Source, body: Json | undefined, isPython: boolean): Json | undefined {
  const given = p["Tags"] as Json | undefined;
  if (isTruthy(given) && !isTruthy(body))
    throw resourceError(logicalId, "Tags works only with inline OpenApi specified in the 'DefinitionBody' property.");
  if (!isOpenApi(body)) {
    if (isTruthy(body) && isTruthy(given))
      throw resourceError(
        logicalId,
        "Unable to add `Tags` because 'DefinitionBody' does not contain a valid OpenApi definition.",
      );
    return given;
  }
  const tags = { ...given, "httpapi:createdBy": "SAM" };
  const names = isPython ? pythonOrder(Object.keys(tags)) : Object.keys(tags);
  new OpenApiEditor(body).addTags(Object.fromEntries(names.map((name) => [name, (tags as Json)[name]])));
  return tags;
}

function addDescriptions(logicalId: string, body: Json | undefined, p: Json): void {
  const inline = (what: string) => {
    if (!isTruthy(body))
      throw resourceError(
        logicalId,
        `${what} works only with inline OpenApi specified in the 'DefinitionBody' property.`,
      );
    return (body!["info"] ??= {}) as Json;
  };
  if (p["DisableExecuteApiEndpoint"] !== undefined) {
    if (!isTruthy(body))
      throw resourceError(logicalId, "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.");
    new OpenApiEditor(body!).disableEndpoint(p["DisableExecuteApiEndpoint"]);
  }
  const taken = (what: string) =>
    resourceError(
      logicalId,
      `Unable to set ${what} because it is already defined within inline OpenAPI specified in the 'DefinitionBody' property.`,
    );
  if (p["Name"]) {
    const info = inline("Name");
    if (!isSame(info["title"], { Ref: "AWS::StackName" })) throw taken("Name");
    info["title"] = p["Name"];
  }
  if (p["Description"]) {
    const info = inline("Description");
    if (info["description"]) throw taken("Description");
    info["description"] = p["Description"];
  }
}

function renameDefaultPath(body: Json): void {
  const paths = body["paths"] as Json | undefined;
  if (!paths || !("$default" in paths)) return;
  paths["/$default"] = paths["$default"];
  delete paths["$default"];
}

function makeStage({ logicalId, properties: p, resource }: Source, tags: Json | undefined): Made {
  const name = p["StageName"] || DEFAULT_STAGE;
  const prefix = typeof name === "string" ? name : "";
  const id = isAlphanumeric(prefix)
    ? `${logicalId}${prefix}Stage`
    : prefix === DEFAULT_STAGE
      ? `${logicalId}ApiGatewayDefaultStage`
      : hashedId(`${logicalId}Stage`, prefix);
  return {
    logicalId: id,
    type: "AWS::ApiGatewayV2::Stage",
    properties: {
      ApiId: { Ref: logicalId },
      StageName: name,
      StageVariables: p["StageVariables"],
      AccessLogSettings: p["AccessLogSettings"],
      DefaultRouteSettings: p["DefaultRouteSettings"],
      Tags: tags,
      AutoDeploy: true,
      RouteSettings: p["RouteSettings"],
    },
    attributes: passedAttributes(resource),
  };
}

function permissions({ logicalId, resource }: Source, authorizers: Record<string, HttpAuthorizer>): Made[] {
  return Object.entries(authorizers)
    .filter(([, authorizer]) => authorizer.permitted !== undefined)
    .map(([name, authorizer]) => ({
      logicalId: `${logicalId}${name}AuthorizerPermission`,
      type: "AWS::Lambda::Permission",
      properties: {
        Action: "lambda:InvokeFunction",
        FunctionName: authorizer.permitted,
        Principal: "apigateway.amazonaws.com",
        SourceArn: sub(
          "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${__ApiId__}/authorizers/*",
          {
            __ApiId__: { Ref: logicalId },
          },
        ),
      },
      attributes: passedAttributes(resource),
    }));
}
