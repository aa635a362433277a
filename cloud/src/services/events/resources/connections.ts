import type { CreateConnectionAuthRequestParameters } from "@aws-sdk/client-eventbridge";
import { AwsError } from "../../../aws/error.ts";
import { defineResource, type ResourceContext } from "../../../deploy/resource.ts";

interface ConnectionProps {
  Name?: string;
  Description?: string;
  AuthorizationType: "API_KEY" | "BASIC" | "OAUTH_CLIENT_CREDENTIALS";
  AuthParameters: CreateConnectionAuthRequestParameters;
}

const NAME_MAX = 64;

/** AWS: CloudFormation waits until a connection is authorized. */
async function authorized(cx: ResourceContext, Name: string): Promise<void> {
  await cx.waitUntil("the connection to be authorized", async () => {
    const { ConnectionState, StateReason } = await cx.call("events", "DescribeConnection", { Name });
    if (ConnectionState === "DEAUTHORIZED")
      throw new AwsError("NotStabilized", `Connection ${Name} is not authorized: ${StateReason ?? ""}`);
    return ConnectionState === "AUTHORIZED" ? true : undefined;
  });
}

/** An ARN without the random part, for policies that are written before it is known. */
function forPolicy(arn: string): string {
  return arn.slice(0, arn.lastIndexOf("/"));
}

export const connection = defineResource<ConnectionProps>({
  type: "AWS::Events::Connection",
  honours: {
    Name: true,
    Description: true,
    AuthorizationType: true,
    AuthParameters: {
      ApiKeyAuthParameters: true,
      BasicAuthParameters: true,
      OAuthParameters: true,
      InvocationHttpParameters: true,
    },
  },
  async create(cx, props) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    await cx.call("events", "CreateConnection", { ...props, Name });
    cx.initiated(Name);
    await authorized(cx, Name);
    return { physicalId: Name };
  },
  async update(cx, { physicalId: Name, props }) {
    await cx.call("events", "UpdateConnection", { ...props, Name });
    await authorized(cx, Name);
  },
  async delete(cx, { physicalId: Name }) {
    await cx.call("events", "DeleteConnection", { Name });
  },
  async attributes(cx, Name) {
    const { ConnectionArn = "", SecretArn } = await cx.call("events", "DescribeConnection", { Name });
    return { Arn: ConnectionArn, ArnForPolicy: forPolicy(ConnectionArn), SecretArn };
  },
});

interface ApiDestinationProps {
  Name?: string;
  Description?: string;
  ConnectionArn: string;
  InvocationEndpoint: string;
  HttpMethod: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
  InvocationRateLimitPerSecond?: number;
}

export const apiDestination = defineResource<ApiDestinationProps>({
  type: "AWS::Events::ApiDestination",
  honours: {
    Name: true,
    Description: true,
    ConnectionArn: true,
    InvocationEndpoint: true,
    HttpMethod: true,
    InvocationRateLimitPerSecond: true,
  },
  async create(cx, props) {
    const Name = props.Name ?? cx.physicalName(NAME_MAX);
    await cx.call("events", "CreateApiDestination", { ...props, Name });
    return { physicalId: Name };
  },
  async update(cx, { physicalId: Name, props }) {
    await cx.call("events", "UpdateApiDestination", { ...props, Name });
  },
  async delete(cx, { physicalId: Name }) {
    await cx.call("events", "DeleteApiDestination", { Name });
  },
  async attributes(cx, Name) {
    const { ApiDestinationArn = "" } = await cx.call("events", "DescribeApiDestination", { Name });
    return { Arn: ApiDestinationArn, ArnForPolicy: forPolicy(ApiDestinationArn) };
  },
});
