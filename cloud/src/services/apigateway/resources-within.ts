import type { IntegrationType, PutIntegrationRequest } from "@aws-sdk/client-api-gateway";
import { AwsError } from "../../aws/error.ts";
import { defineResource, type ResourceContext } from "../../deploy/resource.ts";

/** The CloudFormation types of an API's resources and methods. */

interface ResourceProps {
  RestApiId: string;
  ParentId: string;
  PathPart: string;
}

export const resource = defineResource<ResourceProps>({
  type: "AWS::ApiGateway::Resource",
  honours: { RestApiId: true, ParentId: true, PathPart: true },
  async create(cx, { RestApiId, ParentId, PathPart }) {
    const made = await cx.call("apigateway", "CreateResource", {
      restApiId: RestApiId,
      parentId: ParentId,
      pathPart: PathPart,
    });
    return { physicalId: made.id! };
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("apigateway", "DeleteResource", { restApiId: props.RestApiId, resourceId: physicalId });
  },
  async attributes(_, physicalId) {
    return { ResourceId: physicalId };
  },
});

interface IntegrationResponseProps {
  StatusCode: string;
  SelectionPattern?: string;
  ContentHandling?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
  ResponseParameters?: Record<string, string>;
  ResponseTemplates?: Record<string, string>;
}

interface IntegrationProps {
  Type: IntegrationType;
  Uri?: string;
  IntegrationHttpMethod?: string;
  Credentials?: string;
  ConnectionType?: "INTERNET" | "VPC_LINK";
  ContentHandling?: "CONVERT_TO_BINARY" | "CONVERT_TO_TEXT";
  PassthroughBehavior?: string;
  RequestParameters?: Record<string, string>;
  RequestTemplates?: Record<string, string>;
  CacheNamespace?: string;
  CacheKeyParameters?: string[];
  TimeoutInMillis?: number;
  IntegrationResponses?: IntegrationResponseProps[];
}

interface MethodResponseProps {
  StatusCode: string;
  ResponseModels?: Record<string, string>;
  ResponseParameters?: Record<string, boolean | string>;
}

interface MethodProps {
  RestApiId: string;
  ResourceId: string;
  HttpMethod: string;
  AuthorizationType?: string;
  AuthorizerId?: string;
  AuthorizationScopes?: string[];
  ApiKeyRequired?: boolean;
  OperationName?: string;
  RequestModels?: Record<string, string>;
  RequestParameters?: Record<string, boolean | string>;
  RequestValidatorId?: string;
  MethodResponses?: MethodResponseProps[];
  Integration?: IntegrationProps;
}

const NO_CACHE = { harmless: "Katachi has no response cache of REST APIs, so nothing is looked up by these" };

export const method = defineResource<MethodProps>({
  type: "AWS::ApiGateway::Method",
  honours: {
    RestApiId: true,
    ResourceId: true,
    HttpMethod: true,
    AuthorizationType: true,
    AuthorizerId: true,
    AuthorizationScopes: true,
    ApiKeyRequired: true,
    OperationName: true,
    RequestModels: true,
    RequestParameters: true,
    RequestValidatorId: true,
    MethodResponses: true,
    Integration: {
      Type: true,
      Uri: true,
      IntegrationHttpMethod: true,
      Credentials: true,
      ConnectionType: true,
      ContentHandling: true,
      PassthroughBehavior: true,
      RequestParameters: true,
      RequestTemplates: true,
      TimeoutInMillis: true,
      IntegrationResponses: true,
      CacheNamespace: NO_CACHE,
      CacheKeyParameters: NO_CACHE,
    },
  },
  check: (props) =>
    props.Integration?.ConnectionType === "VPC_LINK"
      ? ["Katachi does not emulate ConnectionType VPC_LINK of AWS::ApiGateway::Method"]
      : [],
  async create(cx, props) {
    const { RestApiId, ResourceId, HttpMethod } = props;
    const physicalId = [RestApiId, ResourceId, HttpMethod].join("|");
    await put(cx, props, () => cx.initiated(physicalId));
    return { physicalId };
  },
  async update(cx, { props }) {
    // A method that is not there is one whose change failed half way: what is put now rolls it back.
    await cx.call("apigateway", "DeleteMethod", addressOf(props)).catch((error: unknown) => {
      if (!(error instanceof AwsError) || error.code !== "NotFoundException") throw error;
    });
    await put(cx, props, () => undefined);
  },
  async delete(cx, { props }) {
    await cx.call("apigateway", "DeleteMethod", addressOf(props));
  },
});

function addressOf({ RestApiId, ResourceId, HttpMethod }: MethodProps) {
  return { restApiId: RestApiId, resourceId: ResourceId, httpMethod: HttpMethod };
}

async function put(cx: ResourceContext, props: MethodProps, begun: () => void): Promise<void> {
  const at = addressOf(props);
  await cx.call("apigateway", "PutMethod", {
    ...at,
    authorizationType: props.AuthorizationType ?? "NONE",
    authorizerId: props.AuthorizerId,
    authorizationScopes: props.AuthorizationScopes,
    apiKeyRequired: props.ApiKeyRequired,
    operationName: props.OperationName,
    requestModels: props.RequestModels,
    requestParameters: booleans(props.RequestParameters),
    requestValidatorId: props.RequestValidatorId,
  });
  begun();
  for (const response of props.MethodResponses ?? [])
    await cx.call("apigateway", "PutMethodResponse", {
      ...at,
      statusCode: response.StatusCode,
      responseModels: response.ResponseModels,
      responseParameters: booleans(response.ResponseParameters),
    });
  if (props.Integration) await putIntegration(cx, at, props.Integration);
}

async function putIntegration(
  cx: ResourceContext,
  at: ReturnType<typeof addressOf>,
  integration: IntegrationProps,
): Promise<void> {
  const request: PutIntegrationRequest = {
    ...at,
    type: integration.Type,
    uri: integration.Uri,
    integrationHttpMethod: integration.IntegrationHttpMethod,
    credentials: integration.Credentials,
    connectionType: integration.ConnectionType,
    contentHandling: integration.ContentHandling,
    passthroughBehavior: integration.PassthroughBehavior,
    requestParameters: integration.RequestParameters,
    requestTemplates: integration.RequestTemplates,
    timeoutInMillis: integration.TimeoutInMillis,
  };
  await cx.call("apigateway", "PutIntegration", request);
  for (const response of integration.IntegrationResponses ?? [])
    await cx.call("apigateway", "PutIntegrationResponse", {
      ...at,
      statusCode: response.StatusCode,
      selectionPattern: response.SelectionPattern,
      contentHandling: response.ContentHandling,
      responseParameters: response.ResponseParameters,
      responseTemplates: response.ResponseTemplates,
    });
}

/** Templates may write booleans as texts. */
function booleans(map: Record<string, boolean | string> | undefined): Record<string, boolean> | undefined {
  if (!map) return undefined;
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value === true || value === "true"]));
}
