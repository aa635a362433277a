import { AwsError, NotEmulatedError } from "../aws/error.ts";
import type { HttpHead } from "../http.ts";
import {
  API_INDEX,
  getApi,
  type KnownService,
  knownServices,
  type Operation,
  type Protocol,
  type ServiceApi,
} from "./model.ts";
import { RestRouter } from "./rest-router.ts";
import { routeS3 } from "./s3-router.ts";

/** A request whose operation is known. */
export interface Route {
  readonly api: ServiceApi;
  readonly operation: Operation;
  readonly protocol: Protocol;
  readonly labels: Readonly<Record<string, string>>;
}

/** A request that cannot go on, and the protocol in which to say so. */
export interface Refusal {
  readonly protocol: Protocol;
  readonly api: ServiceApi | undefined;
  readonly error: AwsError;
}

/** What the head alone tells: a route, a refusal, or that a form body must be read first. */
export type HeadRoute = Route | Refusal | "form";

const NO_LABELS = {};

const BY_TARGET = new Map([...API_INDEX].map(([name, facts]) => [facts.targetPrefix, name]));
const BY_SIGNING_NAME = groupBySigningName();

function groupBySigningName(): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const [name, { signingName }] of API_INDEX) groups.set(signingName, [...(groups.get(signingName) ?? []), name]);
  return groups;
}

/**
 * Finds service and operation: target header, RPC v2 path, form body, signing name, else S3.
 * The protocol is found per request: clients of several generations speak different ones to the same service.
 * @param signingName service of the SigV4 scope, where the request is signed
 */
export function routeHead(head: HttpHead, signingName: string | undefined): HeadRoute {
  const target = head.headers["x-amz-target"];
  if (target !== undefined) return routeTarget(head, target);
  if (head.headers["smithy-protocol"] === "rpc-v2-cbor") return routeRpcV2(head.path);
  const type = head.headers["content-type"];
  if (type?.startsWith("application/x-www-form-urlencoded") && head.method === "POST" && signingName !== "s3")
    return "form";
  if (head.query.includes("Action=") && head.path === "/" && signingName !== "s3") return "form";
  if (signingName !== undefined && signingName !== "s3" && signingName !== "s3express")
    return routeSigned(head, signingName);
  return routeS3(head);
}

function routeTarget(head: HttpHead, target: string): Route | Refusal {
  const dot = target.lastIndexOf(".");
  const prefix = target.slice(0, dot);
  const name = target.slice(dot + 1);
  const protocol = jsonProtocol(head.headers["content-type"]);
  const apiName = BY_TARGET.get(prefix);
  if (apiName === undefined) {
    const service = knownServices().find((known) => known.targetPrefix === prefix);
    return {
      protocol,
      api: undefined,
      error: service ? new NotEmulatedError(`the operation ${service.name}:${name}`) : unknownOperation(),
    };
  }
  return routeNamed(getApi(apiName), name, protocol, unknownOperation);
}

function jsonProtocol(contentType: string | undefined): Protocol {
  if (contentType?.startsWith("application/x-amz-json-1.0")) return "awsJson1_0";
  if (contentType?.startsWith("application/x-amz-cbor")) return "awsCbor";
  return "awsJson1_1";
}

/** AWS: DynamoDB's front end answers an unknown or missing target with this and no message. */
function unknownOperation(): AwsError {
  return new AwsError("UnknownOperationException", "", { status: 400 });
}

const RPC_V2 = /^\/(?:.*\/)?service\/([^/]+)\/operation\/([^/]+)\/?$/;

function routeRpcV2(path: string): Route | Refusal {
  const [, service = "", name = ""] = RPC_V2.exec(path) ?? [];
  const apiName = BY_TARGET.get(service);
  if (apiName !== undefined) return routeNamed(getApi(apiName), name, "rpcv2Cbor", unknownOperation);
  const known = knownServices().find(({ targetPrefix }) => targetPrefix === service && service !== "");
  const error = known
    ? new NotEmulatedError(`the operation ${known.name}:${name}`)
    : service
      ? new NotEmulatedError(`the operation ${service}:${name}`)
      : unknownOperation();
  return { protocol: "rpcv2Cbor", api: undefined, error };
}

function routeNamed(api: ServiceApi, name: string, protocol: Protocol, unknown: () => AwsError): Route | Refusal {
  const operation = api.findOperation(name);
  if (operation) return { api, operation, protocol, labels: NO_LABELS };
  return {
    protocol,
    api,
    error: api.knows(name) ? new NotEmulatedError(`the operation ${api.name}:${name}`) : unknown(),
  };
}

/**
 * Routes a query-protocol request by its parameters.
 * @param signingName service of the SigV4 scope, where the request is signed
 */
export function routeForm(parameters: URLSearchParams, signingName: string | undefined): Route | Refusal {
  const action = parameters.get("Action");
  const version = parameters.get("Version");
  if (action === null || action === "") return { protocol: "awsQuery", api: undefined, error: missingAction() };
  const signed = signingName === undefined ? undefined : BY_SIGNING_NAME.get(signingName);
  // AWS: links that are followed without a signature, such as SNS's, name no version.
  const isNamed = (facts: { version: string; protocol: string }) =>
    version === null ? facts.protocol === "awsQuery" : facts.version === version;
  const candidates = signed ?? [...API_INDEX].filter(([, facts]) => isNamed(facts)).map(([name]) => name);
  for (const candidate of candidates) {
    const api = getApi(candidate);
    if (!api.knows(action)) continue;
    return routeNamed(api, action, candidate === "ec2" ? "ec2Query" : "awsQuery", () => invalidAction(action, version));
  }
  const isGuessed = signed === undefined && version === null;
  const api = candidates[0] === undefined || isGuessed ? undefined : getApi(candidates[0]);
  if (api)
    return { protocol: api.name === "ec2" ? "ec2Query" : "awsQuery", api, error: invalidAction(action, version) };
  const service =
    signingName === undefined
      ? knownServices().find((known) => known.version === version)
      : serviceSignedAs(signingName);
  return {
    protocol: "awsQuery",
    api: undefined,
    error: service ? new NotEmulatedError(`the operation ${service.name}:${action}`) : invalidAction(action, version),
  };
}

/** AWS: query services word it so. */
function invalidAction(action: string, version: string | null): AwsError {
  return new AwsError(
    "InvalidAction",
    `Could not find operation ${action} for version ${version ?? "NO_VERSION_SPECIFIED"}`,
    { status: 400 },
  );
}

function missingAction(): AwsError {
  return new AwsError("MissingAction", "The request must contain the parameter Action", { status: 400 });
}

const restRouters = new Map<string, RestRouter>();

function restRouter(api: ServiceApi): RestRouter {
  let router = restRouters.get(api.name);
  if (!router) restRouters.set(api.name, (router = new RestRouter(api)));
  return router;
}

/** A REST request, by whom it is signed for: several services may share the name, so the routes of all are tried. */
function routeSigned(head: HttpHead, signingName: string): Route | Refusal {
  const names = BY_SIGNING_NAME.get(signingName);
  if (!names) return refuseSigned(head, signingName);
  for (const name of names) {
    const api = getApi(name);
    const found = restRouter(api).find(head);
    if (found) return { api, operation: found.operation, protocol: api.protocol, labels: found.labels };
  }
  const api = getApi(names[0]!);
  const isRest = api.protocol === "restJson1" || api.protocol === "restXml";
  // API Gateway's REST APIs are signed as its HTTP APIs are, and have paths of their own.
  const sibling = knownServices().find((known) => known.signingName === signingName && !API_INDEX.has(known.name));
  if (sibling) return refuseSigned(head, signingName, sibling);
  return { protocol: api.protocol, api, error: isRest ? noSuchRoute(head) : unknownOperation() };
}

/** AWS: a REST JSON service that knows no such path answers 404 with this. */
function noSuchRoute(head: HttpHead): AwsError {
  return new AwsError("UnknownOperationException", `Unknown operation: ${head.method} ${head.path}`, { status: 404 });
}

function refuseSigned(head: HttpHead, signingName: string, service = serviceSignedAs(signingName)): Refusal {
  const protocol =
    service?.protocol === "rest-xml" ? "restXml" : service?.protocol === "query" ? "awsQuery" : "restJson1";
  const what = `the service ${service?.name ?? signingName} (${head.method} ${head.path})`;
  return { protocol, api: undefined, error: new NotEmulatedError(what) };
}

/** Where several share the name (RDS, DocumentDB and Neptune), the one that is called so. */
function serviceSignedAs(signingName: string): KnownService | undefined {
  const services = knownServices().filter((known) => known.signingName === signingName);
  return services.find((known) => known.name === signingName) ?? services[0];
}
