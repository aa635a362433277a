import { describe, expect, it } from "vitest";
import { authorizerEvent10, authorizerEvent20, proxyEvent10, proxyEvent20 } from "./event.ts";
import { decodePath, logTime } from "../../../gateway/request.ts";
import { testExchange } from "./test-exchange.ts";

describe("payload format 2.0", () => {
  it("has exactly AWS's members", () => {
    const exchange = testExchange({
      method: "POST",
      target: "/my%20path/7?parameter1=value1&parameter1=value2&parameter2=a%20b%2Bc&empty=",
      headers: [
        ["Host", "127.0.0.1:4566"],
        ["Header1", "value1"],
        ["Header2", "value1"],
        ["header2", "value2"],
        ["Cookie", "cookie1=a; cookie2=b"],
        ["Cookie", "cookie3=c"],
        ["Content-Type", "application/json"],
        ["User-Agent", "agent"],
        ["Connection", "keep-alive"],
      ],
      body: '{"a":1}',
      routeKey: "POST /my path/{id}",
      parameters: { id: "7" },
      variables: { stageVariable1: "value1" },
    });
    expect(proxyEvent20(exchange)).toEqual({
      version: "2.0",
      routeKey: "POST /my path/{id}",
      rawPath: "/my path/7",
      rawQueryString: "parameter1=value1&parameter1=value2&parameter2=a%20b%2Bc&empty=",
      cookies: ["cookie1=a", "cookie2=b", "cookie3=c"],
      headers: {
        host: "127.0.0.1:4566",
        header1: "value1",
        header2: "value1,value2",
        "content-type": "application/json",
        "content-length": "7",
        "user-agent": "agent",
        "x-amzn-trace-id": "Root=1-5e6722a7-cc56xmpl46db7ae02d4da47e",
        "x-forwarded-for": "203.0.113.7",
        "x-forwarded-port": "4566",
        "x-forwarded-proto": "http",
      },
      queryStringParameters: { parameter1: "value1,value2", parameter2: "a b+c", empty: "" },
      requestContext: {
        accountId: "123456789012",
        apiId: "abc123",
        domainName: "abc123.execute-api.us-east-1.amazonaws.com",
        domainPrefix: "abc123",
        http: { method: "POST", path: "/my path/7", protocol: "HTTP/1.1", sourceIp: "203.0.113.7", userAgent: "agent" },
        requestId: "JKJaXmPLvHcESHA=",
        routeKey: "POST /my path/{id}",
        stage: "$default",
        time: "12/Mar/2020:19:03:58 +0000",
        timeEpoch: 1584039838390,
      },
      pathParameters: { id: "7" },
      stageVariables: { stageVariable1: "value1" },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
  });

  it("leaves out what a request does not have", () => {
    const event = proxyEvent20(testExchange({ target: "/orders" }));
    expect(Object.keys(event)).toEqual([
      "version",
      "routeKey",
      "rawPath",
      "rawQueryString",
      "headers",
      "requestContext",
      "isBase64Encoded",
    ]);
    expect(event["rawQueryString"]).toBe("");
    expect((event["headers"] as Record<string, string>)["content-length"]).toBe("0");
  });

  it("puts a named stage in front of the path", () => {
    expect(proxyEvent20(testExchange({ stage: "dev" }))).toMatchObject({
      rawPath: "/dev/orders",
      requestContext: { stage: "dev", http: { path: "/dev/orders" } },
    });
  });

  it.each([
    ["application/json", false],
    ["application/json; charset=utf-8", false],
    ["text/html", false],
    ["text/csv;header=present", false],
    ["application/xml", false],
    ["application/javascript", false],
    ["application/vnd.api+json", true],
    ["application/x-www-form-urlencoded", true],
    ["multipart/form-data; boundary=x", true],
    ["application/octet-stream", true],
    ["image/png", true],
    [undefined, true],
  ])("sends a body of type %s in base64: %s", (type, isBase64Encoded) => {
    const headers: [string, string][] = type === undefined ? [] : [["content-type", type]];
    const event = proxyEvent20(testExchange({ headers, body: "hello" }));
    expect(event).toMatchObject({ isBase64Encoded, body: isBase64Encoded ? "aGVsbG8=" : "hello" });
  });

  it("sends a compressed body in base64 whatever its type", () => {
    const headers: [string, string][] = [["content-type", "text/plain"], ["content-encoding", "gzip"]]; // prettier-ignore
    expect(proxyEvent20(testExchange({ headers, body: "x" }))).toMatchObject({ isBase64Encoded: true });
  });

  it("shows what each kind of authorizer found", () => {
    const of = (authorization: NonNullable<ReturnType<typeof testExchange>["authorization"]>) =>
      (proxyEvent20(testExchange({ authorization }))["requestContext"] as Record<string, unknown>)["authorizer"];
    expect(of({ kind: "jwt", claims: { sub: "u" }, scopes: ["a"] })).toEqual({
      jwt: { claims: { sub: "u" }, scopes: ["a"] },
    });
    expect(of({ kind: "lambda", principalId: "p", context: { n: 1 } })).toEqual({ lambda: { n: 1 } });
    const identity = { accessKey: "AKIA", accountId: "1", callerId: "c", userArn: "arn", userId: "u" };
    expect(of({ kind: "iam", identity })).toEqual({
      iam: { ...identity, cognitoIdentity: null, principalOrgId: null },
    });
  });
});

describe("payload format 1.0", () => {
  it("has exactly AWS's members, null where there is no value", () => {
    const event = proxyEvent10(testExchange({ headers: [["Host", "h"], ["X-A", "1"], ["x-a", "2"]], target: "/orders?a=1&a=2" })); // prettier-ignore
    expect(event).toMatchObject({
      version: "1.0",
      resource: "/orders",
      path: "/orders",
      httpMethod: "GET",
      headers: { "x-a": "2" },
      multiValueHeaders: { "x-a": ["1", "2"] },
      queryStringParameters: { a: "2" },
      multiValueQueryStringParameters: { a: ["1", "2"] },
      pathParameters: null,
      stageVariables: null,
      body: null,
      isBase64Encoded: false,
      requestContext: {
        accountId: "123456789012",
        apiId: "abc123",
        domainPrefix: "abc123",
        extendedRequestId: "JKJaXmPLvHcESHA=",
        httpMethod: "GET",
        identity: { sourceIp: "203.0.113.7", userArn: null, accessKey: null },
        path: "/orders",
        protocol: "HTTP/1.1",
        requestTime: "12/Mar/2020:19:03:58 +0000",
        requestTimeEpoch: 1584039838390,
        resourcePath: "/orders",
        stage: "$default",
      },
    });
  });

  it("says $default for the default route, and null for no query", () => {
    expect(proxyEvent10(testExchange({ routeKey: "$default" }))).toMatchObject({
      resource: "$default",
      queryStringParameters: null,
      multiValueQueryStringParameters: null,
    });
  });

  it("flattens a Lambda authorizer's context", () => {
    const authorization = { kind: "lambda", principalId: "me", context: { tenant: "t" } } as const;
    expect(proxyEvent10(testExchange({ authorization }))).toMatchObject({
      requestContext: { authorizer: { tenant: "t", principalId: "me" } },
    });
  });
});

describe("the event of a Lambda authorizer", () => {
  const arn = "arn:aws:execute-api:us-east-1:123456789012:abc123/$default/GET/orders";

  it("in format 2.0", () => {
    expect(authorizerEvent20(testExchange({ parameters: { id: "1" } }), arn, ["user1", "123"])).toMatchObject({
      version: "2.0",
      type: "REQUEST",
      routeArn: arn,
      identitySource: ["user1", "123"],
      routeKey: "GET /orders",
      rawPath: "/orders",
      pathParameters: { id: "1" },
      requestContext: { apiId: "abc123" },
    });
  });

  it("in format 1.0", () => {
    expect(authorizerEvent10(testExchange(), arn, ["user1", "123"])).toMatchObject({
      version: "1.0",
      type: "REQUEST",
      methodArn: arn,
      identitySource: "user1,123",
      authorizationToken: "user1,123",
      resource: "/orders",
      httpMethod: "GET",
      pathParameters: {},
    });
  });
});

describe("paths and times", () => {
  it("decodes a path as a whole and ends it at a decoded question mark", () => {
    expect(decodePath("/a%2Fb/c%20d/%E3%81%82")).toBe("/a/b/c d/あ");
    expect(decodePath("/me%3Fadmin=true")).toBe("/me");
    expect(decodePath("/%zz")).toBeUndefined();
  });

  it("writes the time of the Common Log Format", () => {
    expect(logTime(Date.UTC(2024, 0, 2, 3, 4, 5))).toBe("02/Jan/2024:03:04:05 +0000");
  });
});
