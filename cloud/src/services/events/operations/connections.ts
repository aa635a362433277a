import type {
  ConnectionAuthResponseParameters,
  ConnectionHttpParameters,
  UpdateConnectionAuthRequestParameters,
} from "@aws-sdk/client-eventbridge";
import { arn } from "../../../aws/arn.ts";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { connectionArn, refusePrivate } from "../api-destination.ts";
import { alreadyExists, notFound, validation } from "../errors.ts";
import { pageOf } from "../page.ts";
import type { Authorization, ConnectionRecord, Parameters } from "../../../outbound/connections.ts";
import { type Cx, scopeKey } from "../state.ts";
import { checkEndpoint } from "./api-destinations.ts";

/** What CreateConnection and UpdateConnection take; an update may leave out what stays. */
type Given = UpdateConnectionAuthRequestParameters;

function refuse(input: {
  KmsKeyIdentifier?: string;
  InvocationConnectivityParameters?: object;
  AuthParameters?: Given;
}): void {
  if (input.KmsKeyIdentifier) throw new NotEmulatedError("KMS keys on connections (KmsKeyIdentifier)");
  refusePrivate(input.InvocationConnectivityParameters ?? input.AuthParameters?.ConnectivityParameters);
}

/** @throws AwsError ResourceNotFoundException */
export function getConnection(cx: Cx, name: string): ConnectionRecord {
  const record = cx.state.connections.get([...scopeKey(cx.scope), name]);
  if (!record) throw notFound(`Connection '${name}'`);
  return record;
}

function keep(cx: Cx, record: ConnectionRecord): void {
  cx.state.connections.put([...scopeKey(cx.scope), record.name], record);
}

const parametersOf = (given: ConnectionHttpParameters | undefined): Parameters => {
  const list = (all: { Key?: string; Value?: string; IsValueSecret?: boolean }[] = []) =>
    all.map(({ Key = "", Value = "", IsValueSecret = false }) => ({ key: Key, value: Value, isSecret: IsValueSecret }));
  return {
    header: list(given?.HeaderParameters),
    query: list(given?.QueryStringParameters),
    body: list(given?.BodyParameters),
  };
};

/** @param before what an update changes @throws AwsError ValidationException where a part is missing */
function authorizationOf(kind: string, given: Given, before: Authorization | undefined): Authorization {
  const missing = (name: string) =>
    validation(`Authorization parameters are not valid for ${kind}: ${name} must be specified.`);
  switch (kind) {
    case "API_KEY": {
      const old = before?.kind === "API_KEY" ? before : undefined;
      const { ApiKeyName: name = old?.name, ApiKeyValue: value = old?.value } = given.ApiKeyAuthParameters ?? {};
      if (name === undefined || value === undefined) throw missing("ApiKeyAuthParameters");
      return { kind, name, value };
    }
    case "BASIC": {
      const old = before?.kind === "BASIC" ? before : undefined;
      const { Username: username = old?.username, Password: password = old?.password } =
        given.BasicAuthParameters ?? {};
      if (username === undefined || password === undefined) throw missing("BasicAuthParameters");
      return { kind, username, password };
    }
    default: {
      const old = before?.kind === "OAUTH_CLIENT_CREDENTIALS" ? before : undefined;
      const oauth = given.OAuthParameters ?? {};
      const { ClientID: clientId = old?.clientId, ClientSecret: clientSecret = old?.clientSecret } =
        oauth.ClientParameters ?? {};
      const endpoint = oauth.AuthorizationEndpoint ?? old?.endpoint;
      const method = oauth.HttpMethod ?? old?.method;
      if (clientId === undefined || clientSecret === undefined || endpoint === undefined || method === undefined)
        throw missing("OAuthParameters");
      checkEndpoint("AuthorizationEndpoint", endpoint);
      const parameters = oauth.OAuthHttpParameters ? parametersOf(oauth.OAuthHttpParameters) : old?.parameters;
      return {
        kind: "OAUTH_CLIENT_CREDENTIALS",
        clientId,
        clientSecret,
        endpoint,
        method,
        parameters: parameters ?? parametersOf(undefined),
      };
    }
  }
}

export function createConnection(
  cx: Cx,
  input: Input<"events", "CreateConnection">,
): Output<"events", "CreateConnection"> {
  const { Name: name = "", Description: description, AuthorizationType: kind = "", AuthParameters = {} } = input;
  refuse(input);
  if (cx.state.connections.has([...scopeKey(cx.scope), name])) throw alreadyExists(`Connection ${name}`);
  const nowMs = cx.kernel.clock.now();
  const record: ConnectionRecord = {
    name,
    uuid: cx.kernel.random.uuid(),
    secretUuid: cx.kernel.random.uuid(),
    ...(description === undefined ? {} : { description }),
    authorization: authorizationOf(kind, AuthParameters, undefined),
    invocation: parametersOf(AuthParameters.InvocationHttpParameters),
    createdMs: nowMs,
    modifiedMs: nowMs,
    ...stateOf(kind, nowMs),
  };
  keep(cx, record);
  if (record.state === "AUTHORIZING") cx.state.authorizeLater({ ...cx.scope, name });
  return changed(cx, record);
}

/** AWS: keys and passwords are taken as they are; OAuth asks for a first token. */
function stateOf(kind: string, nowMs: number): Pick<ConnectionRecord, "state" | "authorizedMs"> {
  return kind === "OAUTH_CLIENT_CREDENTIALS" ? { state: "AUTHORIZING" } : { state: "AUTHORIZED", authorizedMs: nowMs };
}

function changed(cx: Cx, record: ConnectionRecord) {
  return {
    ConnectionArn: connectionArn(cx.scope, record),
    ConnectionState: record.state,
    CreationTime: new Date(record.createdMs),
    LastModifiedTime: new Date(record.modifiedMs),
    ...(record.authorizedMs === undefined ? {} : { LastAuthorizedTime: new Date(record.authorizedMs) }),
  };
}

export function updateConnection(
  cx: Cx,
  input: Input<"events", "UpdateConnection">,
): Output<"events", "UpdateConnection"> {
  refuse(input);
  const { reason: _, ...before } = getConnection(cx, input.Name!);
  const kind = input.AuthorizationType ?? before.authorization.kind;
  const given = input.AuthParameters;
  const nowMs = cx.kernel.clock.now();
  const record: ConnectionRecord = {
    ...before,
    ...(input.Description === undefined ? {} : { description: input.Description }),
    ...(given || input.AuthorizationType
      ? { authorization: authorizationOf(kind, given ?? {}, before.authorization), ...stateOf(kind, nowMs) }
      : {}),
    ...(given?.InvocationHttpParameters ? { invocation: parametersOf(given.InvocationHttpParameters) } : {}),
    modifiedMs: nowMs,
  };
  keep(cx, record);
  cx.state.sessions.forget(record);
  if (record.state === "AUTHORIZING") cx.state.authorizeLater({ ...cx.scope, name: record.name });
  return changed(cx, record);
}

export function deauthorizeConnection(
  cx: Cx,
  { Name = "" }: Input<"events", "DeauthorizeConnection">,
): Output<"events", "DeauthorizeConnection"> {
  const before = getConnection(cx, Name);
  const record: ConnectionRecord = { ...before, state: "DEAUTHORIZED", modifiedMs: cx.kernel.clock.now() };
  keep(cx, record);
  cx.state.sessions.forget(record);
  return changed(cx, { ...record, state: "DEAUTHORIZING" });
}

export function deleteConnection(
  cx: Cx,
  { Name = "" }: Input<"events", "DeleteConnection">,
): Output<"events", "DeleteConnection"> {
  const record = getConnection(cx, Name);
  cx.state.connections.remove([...scopeKey(cx.scope), Name]);
  cx.state.sessions.forget(record);
  return { ...changed(cx, record), ConnectionState: "DELETING" };
}

/** Parameters as they may be shown: without the secret values. */
function shown({ header, query, body }: Parameters): ConnectionHttpParameters | undefined {
  const list = (all: Parameters["header"]) =>
    all.map(({ key, value, isSecret }) => ({
      Key: key,
      ...(isSecret ? {} : { Value: value }),
      IsValueSecret: isSecret,
    }));
  if (header.length + query.length + body.length === 0) return undefined;
  return {
    ...(header.length > 0 ? { HeaderParameters: list(header) } : {}),
    ...(query.length > 0 ? { QueryStringParameters: list(query) } : {}),
    ...(body.length > 0 ? { BodyParameters: list(body) } : {}),
  };
}

function shownAuthorization(authorization: Authorization): ConnectionAuthResponseParameters {
  if (authorization.kind === "API_KEY") return { ApiKeyAuthParameters: { ApiKeyName: authorization.name } };
  if (authorization.kind === "BASIC") return { BasicAuthParameters: { Username: authorization.username } };
  const parameters = shown(authorization.parameters);
  return {
    OAuthParameters: {
      ClientParameters: { ClientID: authorization.clientId },
      AuthorizationEndpoint: authorization.endpoint,
      HttpMethod: authorization.method,
      ...(parameters ? { OAuthHttpParameters: parameters } : {}),
    },
  };
}

export function describeConnection(
  cx: Cx,
  { Name = "" }: Input<"events", "DescribeConnection">,
): Output<"events", "DescribeConnection"> {
  const record = getConnection(cx, Name);
  const invocation = shown(record.invocation);
  return {
    ...changed(cx, record),
    Name,
    ...(record.description === undefined ? {} : { Description: record.description }),
    ...(record.reason === undefined ? {} : { StateReason: record.reason }),
    AuthorizationType: record.authorization.kind,
    SecretArn: secretArn(cx, record),
    AuthParameters: {
      ...shownAuthorization(record.authorization),
      ...(invocation ? { InvocationHttpParameters: invocation } : {}),
    },
  };
}

/** Gap: the secret is kept here and cannot be read through Secrets Manager. */
function secretArn(cx: Cx, { name, secretUuid }: ConnectionRecord): string {
  return arn("secretsmanager", cx.scope, `secret:events!connection/${name}/${secretUuid}-${secretUuid.slice(0, 6)}`);
}

export function listConnections(
  cx: Cx,
  input: Input<"events", "ListConnections">,
): Output<"events", "ListConnections"> {
  const records = [...cx.state.connections.values({ prefix: scopeKey(cx.scope) })].filter(
    ({ name, state }) =>
      name.startsWith(input.NamePrefix ?? "") &&
      (input.ConnectionState === undefined || state === input.ConnectionState),
  );
  const { page, NextToken } = pageOf(records, input);
  return {
    Connections: page.map((record) => ({
      ...changed(cx, record),
      Name: record.name,
      AuthorizationType: record.authorization.kind,
      ...(record.reason === undefined ? {} : { StateReason: record.reason }),
    })),
    ...(NextToken ? { NextToken } : {}),
  };
}
