/**
 * HTTP Tasks: `arn:aws:states:::http:invoke`, with the authorization of an EventBridge connection.
 * Source: Step Functions developer guide, "Call HTTPS APIs in Step Functions workflows".
 *
 * Quirk: AWS calls https only; here http is let through, so that services on this machine can be called.
 * Gap: private APIs (InvocationConfig) are refused.
 */
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { StatesError, runtimeError } from "../../engines/asl/error.ts";
import { PAYLOAD_BYTES_MAX } from "../../engines/asl/fields.ts";
import { isObject, textOf, type Json, type JsonObject } from "../../engines/asl/json.ts";
import type { Principal } from "../../iam/principal.ts";
import { ApiDestinations, type ConnectionRecord } from "../../outbound/connections.ts";
import { TargetFailure } from "../../outbound/failure.ts";
import { addConnectionParameters, withBody } from "../../outbound/http-parameters.ts";
import { request, type Answer, type Outbound } from "../../outbound/request.ts";
import type { ServiceContext } from "../../service.ts";
import type { TaskRecord } from "./state.ts";

/** AWS: "Service quotas": the maximum duration of an HTTP Task. */
const TIMEOUT_MS = 60_000;
const METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];
/** AWS: "Header values": these cannot be set. */
const RESERVED =
  /^(?:authorization|connection|content-md5|date|expect|host|max-forwards|proxy-.*|server|te|trailer|transfer-encoding|upgrade|via|www-authenticate|x-amz.*|x-amzn.*|x-forwarded-for)$/i;

/** What went over the wire, for TestState at level TRACE. */
export interface HttpExchange {
  readonly request: Outbound;
  readonly answer?: Answer;
  /** Texts that are not to be shown. */
  readonly secrets: readonly string[];
}

type Cx = ServiceContext<unknown>;

/**
 * @param told what is sent and answered, as it happens
 * @throws StatesError `States.Http.StatusCode.404`, `States.Http.Socket`, `States.Timeout`, `States.Runtime`, `Events.…`
 */
export async function invokeHttp(
  cx: Cx,
  { parameters, executionArn }: TaskRecord,
  { as }: { readonly as: Principal },
  told?: (exchange: HttpExchange) => void,
): Promise<Json> {
  const given = isObject(parameters) ? parameters : {};
  if (given["InvocationConfig"] !== undefined) throw new NotEmulatedError("InvocationConfig of the task http:invoke");
  const { url, method } = addressOf(given);
  const arnText = isObject(given["Authentication"]) ? String(given["Authentication"]["ConnectionArn"]) : undefined;
  if (arnText === undefined) throw runtimeError("The field 'Authentication.ConnectionArn' is required but was missing");
  await checkPermissions(cx, as, executionArn, { arnText, url, method });
  const destinations = ApiDestinations.of(cx.kernel);
  const connection = connectionOf(destinations, arnText);
  const outbound = outboundOf(given, url, method, connection);
  const secrets = secretsOf(connection);
  try {
    await destinations.authorize(connection, outbound.headers, cx.endpoint());
    told?.({ request: outbound, secrets: [...secrets, outbound.headers.get("authorization") ?? ""] });
    const answer = await request(outbound, cx.endpoint(), TIMEOUT_MS, PAYLOAD_BYTES_MAX * 2);
    told?.({ request: outbound, answer, secrets: [...secrets, outbound.headers.get("authorization") ?? ""] });
    if (answer.status === 401) destinations.forget(connection);
    if (answer.status < 200 || answer.status > 299)
      throw new StatesError(
        `States.Http.StatusCode.${answer.status}`,
        answer.text === "" ? answer.statusText : answer.text,
      );
    return outputOf(answer);
  } catch (error) {
    if (!(error instanceof TargetFailure)) throw error;
    if (error.code === "TIMEOUT") throw new StatesError("States.Timeout", error.message);
    if (error.code === "CONNECTION_FAILURE") throw new StatesError("States.Http.Socket", error.message);
    throw new StatesError("Events.ConnectionResource.AuthorizationFailed", error.message);
  }
}

function addressOf(given: JsonObject): { url: URL; method: string } {
  const { ApiEndpoint, Method } = given;
  if (typeof ApiEndpoint !== "string" || !URL.canParse(ApiEndpoint) || !/^https?:/.test(ApiEndpoint))
    throw runtimeError(`The field 'ApiEndpoint' must be a valid URL, but was ${textOf(ApiEndpoint ?? null)}`);
  if (typeof Method !== "string" || !METHODS.includes(Method))
    throw runtimeError(`The field 'Method' must be one of [${METHODS.join(", ")}], but was ${textOf(Method ?? null)}`);
  return { url: new URL(ApiEndpoint), method: Method };
}

function connectionOf(destinations: ApiDestinations, arnText: string): ConnectionRecord {
  const arn = findArn(arnText);
  const [kind, name = "", uuid] = arn?.resource.split("/") ?? [];
  const found =
    arn?.service === "events" && kind === "connection"
      ? destinations.connections.get([arn.account, arn.region, name])
      : undefined;
  if (!found || found.uuid !== uuid)
    throw new StatesError("Events.ResourceNotFoundException", `Connection '${arnText}' does not exist.`);
  if (found.state === "DEAUTHORIZED" || found.state === "DEAUTHORIZING")
    throw new StatesError("Events.ConnectionResource.NotAuthorized", `Connection '${arnText}' is not authorized.`);
  return found;
}

/** AWS: "Permissions required to run an HTTP Task": what leaves AWS is asked about by Step Functions itself. */
async function checkPermissions(
  cx: Cx,
  as: Principal,
  executionArn: string,
  { arnText, url, method }: { arnText: string; url: URL; method: string },
): Promise<void> {
  if (as.kind !== "role") return;
  const connection = findArn(arnText);
  const machine = executionArn
    .replace(/:(?:execution|express):/, ":stateMachine:")
    .split(":")
    .slice(0, 7)
    .join(":");
  const [, name, uuid] = connection?.resource.split("/") ?? [];
  const record =
    connection && ApiDestinations.of(cx.kernel).connections.get([connection.account, connection.region, name!]);
  const secret = `arn:aws:secretsmanager:${connection?.region}:${connection?.account}:secret:events!connection/${name}/${record?.uuid === uuid ? `${record?.secretUuid}-${record?.secretUuid.slice(0, 6)}` : uuid}`;
  const needed: readonly [action: string, resource: string][] = [
    ["states:InvokeHTTPEndpoint", machine],
    ["events:RetrieveConnectionCredentials", arnText],
    ["secretsmanager:GetSecretValue", secret],
    ["secretsmanager:DescribeSecret", secret],
  ];
  const entry = (ContextKeyName: string, value: string) => ({
    ContextKeyName,
    ContextKeyValues: [value],
    ContextKeyType: "string" as const,
  });
  const { account } = findArn(as.roleArn)!;
  for (const [action, resource] of needed) {
    const { EvaluationResults } = await cx.call(
      "iam",
      "SimulatePrincipalPolicy",
      {
        PolicySourceArn: as.roleArn,
        ActionNames: [action],
        ResourceArns: [resource],
        ContextEntries: [entry("states:HTTPEndpoint", url.href), entry("states:HTTPMethod", method)],
      },
      { as: { kind: "root", account }, scope: { account, region: connection?.region ?? "us-east-1" } },
    );
    if (EvaluationResults?.[0]?.EvalDecision !== "allowed")
      throw new StatesError(
        `${action.startsWith("states") ? "States.Http" : action.startsWith("events") ? "Events" : "SecretsManager"}.AccessDeniedException`,
        `User: ${as.arn} is not authorized to perform: ${action} on resource: ${resource}`,
      );
  }
}

function outboundOf(given: JsonObject, url: URL, method: string, connection: ConnectionRecord): Outbound {
  const headers = new Headers({
    "user-agent": "Amazon|StepFunctions|HttpInvoke|us-east-1",
    range: "bytes=0-262144",
  });
  const body = given["RequestBody"];
  const transform = isObject(given["Transform"]) ? given["Transform"] : {};
  const form = transform["RequestBodyEncoding"] === "URL_ENCODED";
  if (body !== undefined)
    headers.set(
      "content-type",
      form ? "application/x-www-form-urlencoded;charset=UTF-8" : "application/json;charset=UTF-8",
    );
  for (const [name, value] of Object.entries(isObject(given["Headers"]) ? given["Headers"] : {})) {
    if (RESERVED.test(name)) throw runtimeError(`The header '${name}' cannot be set.`);
    headers.set(name, asText(value));
  }
  for (const [name, value] of Object.entries(isObject(given["QueryParameters"]) ? given["QueryParameters"] : {}))
    for (const one of Array.isArray(value) ? value : [value]) url.searchParams.append(name, asText(one));
  addConnectionParameters(url, headers, connection.invocation);
  if (body === undefined) return { url, method, headers };
  const text = withBody(typeof body === "string" ? body : textOf(body), connection.invocation.body);
  return { url, method, headers, body: form ? encoded(text, transform) : text };
}

function asText(value: Json): string {
  return Array.isArray(value) ? value.map(asText).join(", ") : typeof value === "string" ? value : textOf(value);
}

/** The body as a form. AWS: "RequestEncodingOptions.ArrayFormat", default INDICES. */
function encoded(text: string, transform: JsonObject): string {
  const options = isObject(transform["RequestEncodingOptions"]) ? transform["RequestEncodingOptions"] : {};
  const format = String(options["ArrayFormat"] ?? "INDICES");
  const form = new URLSearchParams();
  const add = (name: string, value: Json): void => {
    if (Array.isArray(value)) {
      if (format === "COMMAS") form.append(name, value.map(asText).join(","));
      else
        value.forEach((item, index) =>
          add(format === "INDICES" ? `${name}[${index}]` : format === "BRACKETS" ? `${name}[]` : name, item),
        );
    } else if (isObject(value)) for (const [key, item] of Object.entries(value)) add(`${name}[${key}]`, item);
    else form.append(name, value === null ? "" : asText(value));
  };
  const value = JSON.parse(text) as Json;
  if (!isObject(value)) throw runtimeError("The field 'RequestBody' must be an object to be encoded as a form");
  for (const [name, item] of Object.entries(value)) add(name, item);
  return form.toString();
}

function outputOf({ status, statusText, headers, text }: Answer): Json {
  const Headers: JsonObject = {};
  for (const [name, value] of headers) Headers[name] = [value];
  let ResponseBody: Json = text;
  if (/json/.test(headers.get("content-type") ?? ""))
    try {
      ResponseBody = JSON.parse(text) as Json;
    } catch {
      // It says JSON and is none: given as text.
    }
  return { Headers, ResponseBody, StatusCode: status, StatusText: statusText };
}

function secretsOf({ authorization, invocation }: ConnectionRecord): string[] {
  const of = [...invocation.header, ...invocation.query, ...invocation.body].filter(({ isSecret }) => isSecret);
  const own =
    authorization.kind === "API_KEY"
      ? [authorization.value]
      : authorization.kind === "BASIC"
        ? [authorization.password]
        : [authorization.clientSecret];
  return [...own, ...of.map(({ value }) => value)];
}
