import type { AuthorizerType, GatewayResponseType, PatchOperation } from "@aws-sdk/client-api-gateway";
import { defineResource } from "../../deploy/resource.ts";

/** The CloudFormation types of an API's authorizers, models, validators and gateway responses. */

interface AuthorizerProps {
  RestApiId: string;
  Name: string;
  Type: AuthorizerType;
  AuthType?: string;
  AuthorizerUri?: string;
  AuthorizerCredentials?: string;
  AuthorizerResultTtlInSeconds?: number;
  IdentitySource?: string;
  IdentityValidationExpression?: string;
  ProviderARNs?: string[];
}

export const authorizer = defineResource<AuthorizerProps>({
  type: "AWS::ApiGateway::Authorizer",
  honours: {
    RestApiId: true,
    Name: true,
    Type: true,
    AuthType: true,
    AuthorizerUri: true,
    AuthorizerCredentials: true,
    AuthorizerResultTtlInSeconds: true,
    IdentitySource: true,
    IdentityValidationExpression: true,
    ProviderARNs: true,
  },
  async create(cx, props) {
    const made = await cx.call("apigateway", "CreateAuthorizer", {
      restApiId: props.RestApiId,
      name: props.Name,
      type: props.Type,
      authType: props.AuthType,
      authorizerUri: props.AuthorizerUri,
      authorizerCredentials: props.AuthorizerCredentials,
      authorizerResultTtlInSeconds: props.AuthorizerResultTtlInSeconds,
      identitySource: props.IdentitySource,
      identityValidationExpression: props.IdentityValidationExpression,
      providerARNs: props.ProviderARNs,
    });
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId, props, previous }) {
    const texts = {
      name: [previous.Name, props.Name],
      type: [previous.Type, props.Type],
      authType: [previous.AuthType, props.AuthType],
      authorizerUri: [previous.AuthorizerUri, props.AuthorizerUri],
      authorizerCredentials: [previous.AuthorizerCredentials, props.AuthorizerCredentials],
      identitySource: [previous.IdentitySource, props.IdentitySource],
      identityValidationExpression: [previous.IdentityValidationExpression, props.IdentityValidationExpression],
    };
    const patchOperations = replacements(texts);
    const ttl = props.AuthorizerResultTtlInSeconds;
    if (ttl !== previous.AuthorizerResultTtlInSeconds)
      patchOperations.push({ op: "replace", path: "/authorizerResultTtlInSeconds", value: String(ttl ?? 300) });
    for (const arn of previous.ProviderARNs ?? [])
      if (!props.ProviderARNs?.includes(arn)) patchOperations.push({ op: "remove", path: "/providerARNs", value: arn });
    for (const arn of props.ProviderARNs ?? [])
      if (!previous.ProviderARNs?.includes(arn)) patchOperations.push({ op: "add", path: "/providerARNs", value: arn });
    await cx.call("apigateway", "UpdateAuthorizer", {
      restApiId: props.RestApiId,
      authorizerId: physicalId,
      patchOperations,
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigateway", "DeleteAuthorizer", { restApiId: props.RestApiId, authorizerId: physicalId });
  },
  async attributes(_, physicalId) {
    return { AuthorizerId: physicalId };
  },
});

/** Patch operations for the texts that changed. */
export function replacements(texts: Readonly<Record<string, readonly (string | undefined)[]>>): PatchOperation[] {
  return Object.entries(texts)
    .filter(([, [before, now]]) => before !== now)
    .map(([name, [, now]]) => ({ op: "replace", path: `/${name}`, value: now ?? "" }));
}

interface ModelProps {
  RestApiId: string;
  Name?: string;
  ContentType?: string;
  Description?: string;
  Schema?: object | string;
}

export const model = defineResource<ModelProps>({
  type: "AWS::ApiGateway::Model",
  honours: { RestApiId: true, Name: true, ContentType: true, Description: true, Schema: true },
  async create(cx, props) {
    const name = props.Name ?? cx.physicalName(128).replaceAll(/[^a-zA-Z0-9]/g, "");
    await cx.call("apigateway", "CreateModel", {
      restApiId: props.RestApiId,
      name,
      contentType: props.ContentType ?? "application/json",
      description: props.Description,
      schema: schemaOf(props),
    });
    return { physicalId: name };
  },
  async update(cx, { physicalId, props, previous }) {
    await cx.call("apigateway", "UpdateModel", {
      restApiId: props.RestApiId,
      modelName: physicalId,
      patchOperations: replacements({
        description: [previous.Description, props.Description],
        schema: [schemaOf(previous), schemaOf(props)],
      }),
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigateway", "DeleteModel", { restApiId: props.RestApiId, modelName: physicalId });
  },
});

function schemaOf({ Schema }: ModelProps): string {
  return typeof Schema === "string" ? Schema : JSON.stringify(Schema ?? {});
}

interface ValidatorProps {
  RestApiId: string;
  Name?: string;
  ValidateRequestBody?: boolean;
  ValidateRequestParameters?: boolean;
}

export const requestValidator = defineResource<ValidatorProps>({
  type: "AWS::ApiGateway::RequestValidator",
  honours: { RestApiId: true, Name: true, ValidateRequestBody: true, ValidateRequestParameters: true },
  async create(cx, props) {
    const made = await cx.call("apigateway", "CreateRequestValidator", {
      restApiId: props.RestApiId,
      name: props.Name ?? cx.physicalName(128),
      validateRequestBody: props.ValidateRequestBody,
      validateRequestParameters: props.ValidateRequestParameters,
    });
    return { physicalId: made.id! };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("apigateway", "UpdateRequestValidator", {
      restApiId: props.RestApiId,
      requestValidatorId: physicalId,
      patchOperations: [
        { op: "replace", path: "/validateRequestBody", value: String(props.ValidateRequestBody ?? false) },
        { op: "replace", path: "/validateRequestParameters", value: String(props.ValidateRequestParameters ?? false) },
      ],
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigateway", "DeleteRequestValidator", {
      restApiId: props.RestApiId,
      requestValidatorId: physicalId,
    });
  },
  async attributes(_, physicalId) {
    return { RequestValidatorId: physicalId };
  },
});

interface GatewayResponseProps {
  RestApiId: string;
  ResponseType: GatewayResponseType;
  StatusCode?: string;
  ResponseParameters?: Record<string, string>;
  ResponseTemplates?: Record<string, string>;
}

export const gatewayResponse = defineResource<GatewayResponseProps>({
  type: "AWS::ApiGateway::GatewayResponse",
  honours: {
    RestApiId: true,
    ResponseType: true,
    StatusCode: true,
    ResponseParameters: true,
    ResponseTemplates: true,
  },
  async create(cx, props) {
    await cx.call("apigateway", "PutGatewayResponse", responseOf(props));
    return { physicalId: cx.physicalName() };
  },
  async update(cx, { props }) {
    await cx.call("apigateway", "PutGatewayResponse", responseOf(props));
  },
  async delete(cx, { props }) {
    await cx.call("apigateway", "DeleteGatewayResponse", {
      restApiId: props.RestApiId,
      responseType: props.ResponseType,
    });
  },
  async attributes(_, physicalId) {
    return { Id: physicalId };
  },
});

function responseOf(props: GatewayResponseProps) {
  return {
    restApiId: props.RestApiId,
    responseType: props.ResponseType,
    statusCode: props.StatusCode,
    responseParameters: props.ResponseParameters,
    responseTemplates: props.ResponseTemplates,
  };
}
