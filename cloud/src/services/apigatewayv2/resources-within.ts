import type {
  AuthorizationType,
  AuthorizerType,
  IntegrationType,
  JWTConfiguration,
} from "@aws-sdk/client-apigatewayv2";
import { defineResource } from "../../deploy/resource.ts";

/** The CloudFormation types of what is in an API. */

interface RouteProps {
  ApiId: string;
  RouteKey: string;
  Target?: string;
  AuthorizationType?: AuthorizationType;
  AuthorizerId?: string;
  AuthorizationScopes?: string[];
  OperationName?: string;
  ApiKeyRequired?: boolean;
}

export const route = defineResource<RouteProps>({
  type: "AWS::ApiGatewayV2::Route",
  honours: {
    ApiId: true,
    RouteKey: true,
    Target: true,
    AuthorizationType: true,
    AuthorizerId: true,
    AuthorizationScopes: true,
    OperationName: true,
    ApiKeyRequired: true,
  },
  // AWS has no way to take a route's target away.
  replaces: (previous, props) => (previous.Target !== undefined && props.Target === undefined ? ["Target"] : []),
  async create(cx, props) {
    const made = await cx.call("apigatewayv2", "CreateRoute", props);
    return { physicalId: made.RouteId! };
  },
  async update(cx, { physicalId, props }) {
    const emptied = props.AuthorizationType === "JWT" ? { AuthorizationScopes: [] } : {};
    await cx.call("apigatewayv2", "UpdateRoute", {
      AuthorizationType: "NONE",
      OperationName: "",
      ...emptied,
      ...props,
      RouteId: physicalId,
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "DeleteRoute", { ApiId: props.ApiId, RouteId: physicalId });
  },
  async attributes(_, physicalId) {
    return { RouteId: physicalId };
  },
});

interface IntegrationProps {
  ApiId: string;
  IntegrationType: IntegrationType;
  IntegrationSubtype?: string;
  IntegrationUri?: string;
  IntegrationMethod?: string;
  PayloadFormatVersion?: string;
  CredentialsArn?: string;
  ConnectionType?: "INTERNET" | "VPC_LINK";
  Description?: string;
  TimeoutInMillis?: number;
  RequestParameters?: Record<string, string>;
  ResponseParameters?: Record<string, { ResponseParameters?: { Destination: string; Source: string }[] }>;
  TlsConfig?: { ServerNameToVerify?: string };
}

const TIMEOUT_MS_DEFAULT = 30_000;

export const integration = defineResource<IntegrationProps>({
  type: "AWS::ApiGatewayV2::Integration",
  honours: {
    ApiId: true,
    IntegrationType: true,
    IntegrationSubtype: true,
    IntegrationUri: true,
    IntegrationMethod: true,
    PayloadFormatVersion: true,
    CredentialsArn: true,
    ConnectionType: true,
    Description: true,
    TimeoutInMillis: true,
    RequestParameters: true,
    ResponseParameters: true,
    TlsConfig: true,
  },
  check: (props) =>
    props.ConnectionType === "VPC_LINK"
      ? ["Katachi does not emulate ConnectionType VPC_LINK of AWS::ApiGatewayV2::Integration"]
      : [],
  replaceOn: ["IntegrationType", "IntegrationSubtype"],
  // AWS has no way to take these away.
  replaces: (previous, props) =>
    (["CredentialsArn", "TlsConfig", "IntegrationMethod"] as const).filter(
      (name) => previous[name] !== undefined && props[name] === undefined,
    ),
  async create(cx, props) {
    const made = await cx.call("apigatewayv2", "CreateIntegration", {
      ...props,
      ResponseParameters: responsesOf(props),
    });
    return { physicalId: made.IntegrationId! };
  },
  async update(cx, { physicalId, props, previous }) {
    await cx.call("apigatewayv2", "UpdateIntegration", {
      Description: "",
      TimeoutInMillis: TIMEOUT_MS_DEFAULT,
      ...props,
      IntegrationId: physicalId,
      RequestParameters: { ...emptied(previous.RequestParameters, ""), ...props.RequestParameters },
      ResponseParameters: { ...emptied(previous.ResponseParameters, {}), ...responsesOf(props) },
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "DeleteIntegration", { ApiId: props.ApiId, IntegrationId: physicalId });
  },
  async attributes(_, physicalId) {
    return { IntegrationId: physicalId };
  },
});

/** CloudFormation lists what the API has as a map: `{ 200: { ResponseParameters: [{ Destination, Source }] } }`. */
function responsesOf({ ResponseParameters }: IntegrationProps): Record<string, Record<string, string>> | undefined {
  if (!ResponseParameters) return undefined;
  return Object.fromEntries(
    Object.entries(ResponseParameters).map(([status, { ResponseParameters: list = [] }]) => [
      status,
      Object.fromEntries(list.map(({ Destination, Source }) => [Destination, Source])),
    ]),
  );
}

/** What takes former entries away in an update. */
function emptied<T>(former: Readonly<Record<string, unknown>> | undefined, empty: T): Record<string, T> {
  return Object.fromEntries(Object.keys(former ?? {}).map((key) => [key, empty]));
}

interface AuthorizerProps {
  ApiId: string;
  Name: string;
  AuthorizerType: AuthorizerType;
  IdentitySource?: string[];
  JwtConfiguration?: JWTConfiguration;
  AuthorizerUri?: string;
  AuthorizerCredentialsArn?: string;
  AuthorizerPayloadFormatVersion?: string;
  AuthorizerResultTtlInSeconds?: number;
  EnableSimpleResponses?: boolean;
}

export const authorizer = defineResource<AuthorizerProps>({
  type: "AWS::ApiGatewayV2::Authorizer",
  honours: {
    ApiId: true,
    Name: true,
    AuthorizerType: true,
    IdentitySource: true,
    JwtConfiguration: true,
    AuthorizerUri: true,
    AuthorizerCredentialsArn: true,
    AuthorizerPayloadFormatVersion: true,
    AuthorizerResultTtlInSeconds: true,
    EnableSimpleResponses: true,
  },
  replaceOn: ["AuthorizerType"],
  replaces: (previous, props) =>
    previous.AuthorizerCredentialsArn !== undefined && props.AuthorizerCredentialsArn === undefined
      ? ["AuthorizerCredentialsArn"]
      : [],
  async create(cx, props) {
    const made = await cx.call("apigatewayv2", "CreateAuthorizer", {
      ...props,
      IdentitySource: props.IdentitySource ?? [],
    });
    return { physicalId: made.AuthorizerId! };
  },
  async update(cx, { physicalId, props }) {
    const emptied =
      props.AuthorizerType === "REQUEST" ? { AuthorizerResultTtlInSeconds: 0, EnableSimpleResponses: false } : {};
    await cx.call("apigatewayv2", "UpdateAuthorizer", {
      IdentitySource: [],
      ...emptied,
      ...props,
      AuthorizerId: physicalId,
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "DeleteAuthorizer", { ApiId: props.ApiId, AuthorizerId: physicalId });
  },
  async attributes(_, physicalId) {
    return { AuthorizerId: physicalId };
  },
});

interface DeploymentProps {
  ApiId: string;
  Description?: string;
  StageName?: string;
}

export const deployment = defineResource<DeploymentProps>({
  type: "AWS::ApiGatewayV2::Deployment",
  honours: { ApiId: true, Description: true, StageName: true },
  replaceOn: ["StageName"],
  async create(cx, props) {
    const made = await cx.call("apigatewayv2", "CreateDeployment", props);
    return { physicalId: made.DeploymentId! };
  },
  async update(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "UpdateDeployment", {
      ApiId: props.ApiId,
      DeploymentId: physicalId,
      Description: props.Description ?? "",
    });
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigatewayv2", "DeleteDeployment", { ApiId: props.ApiId, DeploymentId: physicalId });
  },
  async attributes(_, physicalId) {
    return { DeploymentId: physicalId };
  },
});
