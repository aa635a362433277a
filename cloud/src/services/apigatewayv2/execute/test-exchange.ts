import type { HttpRequest } from "../../../http.ts";
import type { CompiledRoute, CompiledStage, Exchange } from "./exchange.ts";
import { decodePath } from "../../../gateway/request.ts";
import { arrived } from "./request.ts";
import { RouteTable } from "../../../gateway/route-table.ts";

export interface TestRequest {
  method?: string;
  /** Path and query, encoded. */
  target?: string;
  /** Names and values, in order. */
  headers?: [string, string][];
  body?: string | Buffer;
  routeKey?: string;
  parameters?: Record<string, string>;
  stage?: string;
  variables?: Record<string, string>;
  authorization?: Exchange["authorization"];
}

/** A request that has found its route, for the tests of what comes after. */
export function testExchange(given: TestRequest = {}): Exchange {
  const { method = "GET", target = "/orders", headers = [], routeKey = "GET /orders", stage = "$default" } = given;
  const [path = "/", query = ""] = target.split("?");
  const body = Buffer.from(given.body ?? "");
  const http: HttpRequest = {
    method,
    target,
    path,
    query,
    headers: {},
    host: "abc123.execute-api.us-east-1.amazonaws.com",
    sourceIp: "203.0.113.7",
    httpVersion: "1.1",
    rawHeaders: headers.flat(),
    body,
  };
  const routePath = decodePath(path)!;
  const request = arrived(
    {
      http,
      path: stage === "$default" ? routePath : `/${stage}${routePath}`,
      routePath,
      requestId: "JKJaXmPLvHcESHA=",
      timeMs: Date.UTC(2020, 2, 12, 19, 3, 58, 390),
    },
    "1-5e6722a7-cc56xmpl46db7ae02d4da47e",
  );
  const scope = { account: "123456789012", region: "us-east-1" };
  const route = {
    record: { RouteId: "r", RouteKey: routeKey, AuthorizationType: "NONE" },
    authorizer: undefined,
    integration: undefined,
    bucket: undefined,
  };
  const compiled: CompiledStage = {
    api: {
      ApiId: "abc123",
      scope,
      createdMs: 0,
      Name: "n",
      RouteSelectionExpression: "",
      ApiKeySelectionExpression: "",
      IpAddressType: "ipv4",
    },
    record: { StageName: stage, AutoDeploy: true, createdMs: 0, updatedMs: 0 },
    scope,
    domainName: "abc123.execute-api.us-east-1.amazonaws.com",
    routes: new RouteTable<CompiledRoute>([]),
    cors: undefined,
    log: undefined,
    variables: given.variables,
  };
  return {
    stage: compiled,
    request,
    route: route as CompiledRoute,
    parameters: given.parameters,
    ...(given.authorization ? { authorization: given.authorization } : {}),
  };
}
