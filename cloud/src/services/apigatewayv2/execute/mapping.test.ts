import { describe, expect, it } from "vitest";
import { addCors, compileCors, isPreflight, preflightReply } from "./cors.ts";
import { findExpression } from "./expression.ts";
import { compileLogFormat, logLine } from "./log-format.ts";
import { compileRequestMapping, compileResponseMapping, mapReply, mapRequest } from "./parameter-mapping.ts";
import type { Reply } from "../../../gateway/reply.ts";
import { testExchange } from "./test-exchange.ts";
import { TokenBucket } from "../../../gateway/throttle.ts";

const exchange = testExchange({
  method: "POST",
  target: "/pets/6?q=a&q=b",
  headers: [["X-A", "1"], ["x-a", "2"], ["content-type", "application/json"]], // prettier-ignore
  body: JSON.stringify({ a: { b: [{ c: "deep" }, 2] }, "x y": true, text: "plain" }),
  parameters: { petId: "6" },
  variables: { environment: "test" },
});

describe("mapping values", () => {
  it.each([
    ["$request.header.X-a", "1,2"],
    ["$request.header.absent", undefined],
    ["$request.querystring.q", "a,b"],
    ["$request.path", "/pets/6"],
    ["$request.path.petId", "6"],
    ["$request.body.text", "plain"],
    ["$request.body.a.b[0].c", "deep"],
    ["$request.body.a.b[1]", "2"],
    ["$request.body['x y']", "true"],
    ["$request.body.a", '{"b":[{"c":"deep"},2]}'],
    ["$request.body.absent.c", undefined],
    ["$context.requestId", "JKJaXmPLvHcESHA="],
    ["$context.identity.sourceIp", "203.0.113.7"],
    ["$stageVariables.environment", "test"],
    ["constant", "constant"],
    ["$5 off", "$5 off"],
    ["id-${request.path.petId}-${stageVariables.environment}", "id-6-test"],
  ])("%s is %s", (text, value) => {
    expect(findExpression(text)!({ exchange })).toBe(value);
  });

  it("is the whole body", () => {
    expect(findExpression("$request.body")!({ exchange })).toBe(exchange.request.http.body.toString());
  });

  it.each([
    "$request.body..c",
    "$request.body.a[?(@.b)]",
    "$request.cookie.a",
    "$request",
    "$response.path",
    "a ${nonsense}",
  ])("refuses %s", (text) => {
    expect(findExpression(text)).toBeUndefined();
  });
});

describe("request mapping", () => {
  it("appends, overwrites and removes headers and query values, and overwrites the path", () => {
    const mapping = compileRequestMapping({
      "append:header.x-a": "3",
      "append:header.new": "$context.apiId",
      "overwrite:header.Content-Type": "text/plain",
      "append:querystring.q": "$request.path.petId",
      "overwrite:querystring.z": "1",
      "overwrite:path": "/changed",
    });
    const { headers, query, path } = mapRequest(mapping, exchange);
    expect(headers).toMatchObject({ "x-a": ["1", "2", "3"], new: ["abc123"], "content-type": ["text/plain"] });
    expect(Object.fromEntries(query)).toEqual({ q: ["a", "b", "6"], z: ["1"] });
    expect(path).toBe("/changed");
    expect(exchange.request.headers["x-a"]).toEqual(["1", "2"]);
  });

  it("removes, and leaves alone what has no value", () => {
    const mapping = compileRequestMapping({
      "remove:header.x-a": "''",
      "remove:querystring.q": "''",
      "overwrite:header.content-type": "$request.header.absent",
    });
    const { headers, query } = mapRequest(mapping, exchange);
    expect(headers["x-a"]).toBeUndefined();
    expect(query.size).toBe(0);
    expect(headers["content-type"]).toEqual(["application/json"]);
  });

  it("refuses reserved headers and unknown keys in AWS's words", () => {
    expect(() => compileRequestMapping({ "append:header.Authorization": "x" })).toThrow(
      "Operations on header Authorization are restricted",
    );
    expect(() => compileRequestMapping({ "append:header.x-amzn-foo": "x" })).toThrow("are restricted");
    expect(() => compileRequestMapping({ "replace:header.a": "x" })).toThrow(
      "Invalid mapping expression parameter specified: replace:header.a",
    );
    expect(() => compileRequestMapping({ "overwrite:statuscode": "200" })).toThrow("overwrite:statuscode");
    expect(() => compileResponseMapping({ "overwrite:path": "/" })).toThrow("overwrite:path");
  });
});

describe("response mapping", () => {
  it("changes headers and the status code by what the response was", () => {
    const reply: Reply = { status: 500, headers: { a: ["1"], gone: ["x"] }, body: '{"code":"E1"}' };
    const mapping = compileResponseMapping({
      "append:header.a": "$response.header.gone",
      "append:header.code": "$response.body.code",
      "remove:header.gone": "''",
      "overwrite:statuscode": "403",
    });
    mapReply(mapping, exchange, reply);
    expect(reply).toEqual({ status: 403, headers: { a: ["1", "x"], code: ["E1"] }, body: '{"code":"E1"}' });
  });
});

describe("CORS", () => {
  const cors = compileCors({
    AllowOrigins: ["https://a.example"],
    AllowMethods: ["GET", "POST"],
    AllowHeaders: ["content-type", "authorization"],
    ExposeHeaders: ["x-id"],
    MaxAge: 300,
    AllowCredentials: true,
  })!;
  const from = (origin: string, method = "OPTIONS") =>
    testExchange({ method, headers: [["Origin", origin], ["Access-Control-Request-Method", "GET"]] }).request; // prettier-ignore

  it("answers a preflight", () => {
    expect(isPreflight(from("https://a.example"))).toBe(true);
    expect(preflightReply(cors, from("https://a.example"))).toEqual({
      status: 204,
      headers: {
        "access-control-allow-origin": ["https://a.example"],
        "access-control-allow-credentials": ["true"],
        "access-control-allow-methods": ["GET,POST"],
        "access-control-allow-headers": ["content-type,authorization"],
        "access-control-max-age": ["300"],
      },
      body: "",
    });
  });

  it("gives a foreign origin no headers", () => {
    expect(preflightReply(cors, from("https://b.example")).headers).toEqual({});
  });

  it("puts its own headers in the place of the integration's", () => {
    const reply: Reply = {
      status: 200,
      headers: { "access-control-allow-origin": ["*"], "access-control-max-age": ["1"], a: ["1"] },
      body: "",
    };
    addCors(cors, from("https://a.example", "GET"), reply);
    expect(reply.headers).toEqual({
      a: ["1"],
      "access-control-allow-origin": ["https://a.example"],
      "access-control-allow-credentials": ["true"],
      "access-control-expose-headers": ["x-id"],
    });
    const foreign: Reply = { status: 200, headers: { "access-control-allow-origin": ["*"] }, body: "" };
    addCors(cors, from("https://b.example", "GET"), foreign);
    expect(foreign.headers).toEqual({});
  });

  it("knows the wildcards", () => {
    const origin = (allowed: string, sent: string) =>
      preflightReply(compileCors({ AllowOrigins: [allowed] })!, from(sent)).headers["access-control-allow-origin"]?.[0];
    expect(origin("*", "https://x.example")).toBe("*");
    expect(origin("https://*", "https://x.example")).toBe("https://x.example");
    expect(origin("https://*", "http://x.example")).toBeUndefined();
    expect(origin("http://*", "http://x.example")).toBe("http://x.example");
    expect(compileCors({})).toBeUndefined();
  });
});

describe("access log lines", () => {
  it("fills in the variables, and a dash where there is no value", () => {
    const format = compileLogFormat(
      '$context.identity.sourceIp [$context.requestTime] "$context.httpMethod $context.routeKey" $context.status $context.authorizer.claims.sub',
    );
    const done = { ...exchange, response: { status: 201, bytes: 5, latencyMs: 3 } };
    expect(logLine(format, done)).toBe('203.0.113.7 [12/Mar/2020:19:03:58 +0000] "POST GET /orders" 201 -');
    const authorized = { ...done, authorization: { kind: "jwt", claims: { sub: "u1" }, scopes: null } as const };
    expect(logLine(compileLogFormat('{"sub":"$context.authorizer.claims.sub"}'), authorized)).toBe('{"sub":"u1"}');
    const lambda = {
      ...done,
      authorization: { kind: "lambda", principalId: "p", context: { n: 1, b: true } } as const,
    };
    expect(
      logLine(compileLogFormat("$context.authorizer.principalId $context.authorizer.n $context.authorizer.b"), lambda),
    ).toBe("p 1 true");
  });
});

describe("the token bucket", () => {
  it("lets a burst through, then the rate", () => {
    const bucket = new TokenBucket(2, 3, 1000);
    expect([1, 2, 3, 4].map(() => bucket.take(1000))).toEqual([true, true, true, false]);
    expect(bucket.take(1499)).toBe(false);
    expect(bucket.take(1501)).toBe(true);
    expect(bucket.take(1501)).toBe(false);
    expect([1, 2, 3, 4].map(() => bucket.take(100_000))).toEqual([true, true, true, false]);
  });

  it("lets nothing through at zero", () => {
    expect(new TokenBucket(0, 0, 0).take(10_000)).toBe(false);
  });
});
