import { describe, expect, it } from "vitest";
import { readProxyResponse } from "./lambda-response.ts";

function read(result: unknown, format: "1.0" | "2.0" = "2.0") {
  return readProxyResponse(Buffer.from(typeof result === "string" ? result : JSON.stringify(result)), format);
}

describe("a response in format 2.0", () => {
  it.each([
    ['{ "message": "Hello from Lambda!" }', '{ "message": "Hello from Lambda!" }'],
    ['"Hello from Lambda!"', "Hello from Lambda!"],
    ["[1,2]", "[1,2]"],
    ["null", "null"],
    ["42", "42"],
    ['{"name": "John Doe", "age":', '{"name": "John Doe", "age":'],
  ])("without a status code is the body of a 200: %s", (payload, body) => {
    expect(read(payload)).toEqual({ status: 200, headers: { "content-type": ["application/json"] }, body });
  });

  it("takes status, headers, cookies and body", () => {
    const reply = read({
      statusCode: 201,
      headers: { "X-A": "1", "Content-Type": "text/html", n: 7, b: true },
      cookies: ["a=1", "b=2; Secure"],
      body: "hi",
    });
    expect(reply).toEqual({
      status: 201,
      headers: {
        "x-a": ["1"],
        "content-type": ["text/html"],
        n: ["7"],
        b: ["true"],
        "set-cookie": ["a=1", "b=2; Secure"],
      },
      body: "hi",
    });
  });

  it("has text/plain as content type and no body where none is given", () => {
    expect(read({ statusCode: 204 })).toEqual({
      status: 204,
      headers: { "content-type": ["text/plain; charset=utf-8"] },
      body: "",
    });
  });

  it("decodes base64", () => {
    const reply = read({ statusCode: 200, isBase64Encoded: true, body: "iVBORw==" });
    expect(reply?.body).toEqual(Buffer.from([0x89, 0x50, 0x4e, 0x47]));
  });

  it("takes a status code of digits", () => {
    expect(read({ statusCode: "404", body: "" })?.status).toBe(404);
  });

  it("leaves out what belongs to the connection", () => {
    const reply = read({
      statusCode: 200,
      headers: { Connection: "close", "Content-Length": "999", "Transfer-Encoding": "chunked", a: "b" },
    });
    expect(reply?.headers).toEqual({ a: ["b"], "content-type": ["text/plain; charset=utf-8"] });
  });

  it.each([
    { statusCode: "abc" },
    { statusCode: 0 },
    { statusCode: 99 },
    { statusCode: 600 },
    { statusCode: 200.5 },
    { statusCode: null },
    { statusCode: 200, body: { a: 1 } },
    { statusCode: 200, body: 1 },
    { statusCode: 200, headers: "x" },
    { statusCode: 200, headers: { a: ["b"] } },
    { statusCode: 200, headers: { a: null } },
    { statusCode: 200, headers: { "a b": "c" } },
    { statusCode: 200, headers: { a: "x\r\ny: z" } },
    { statusCode: 200, headers: { a: "日本" } },
    { statusCode: 200, cookies: "a=1" },
    { statusCode: 200, isBase64Encoded: true, body: "!!!" },
  ])("is malformed: %j", (result) => {
    expect(read(result)).toBeUndefined();
  });
});

describe("a response in format 1.0", () => {
  it("takes headers of several values, and joins the single ones to them", () => {
    const reply = read(
      {
        statusCode: 200,
        multiValueHeaders: { "Set-Cookie": ["a=1", "b=2"], x: ["1"] },
        headers: { x: "2", y: "3" },
        body: "b",
      },
      "1.0",
    );
    expect(reply).toEqual({
      status: 200,
      headers: { "set-cookie": ["a=1", "b=2"], x: ["1", "2"], y: ["3"], "content-type": ["text/plain; charset=utf-8"] },
      body: "b",
    });
  });

  it.each([
    { message: "no status code" },
    "Hello",
    null,
    { statusCode: 200, multiValueHeaders: { a: "b" } },
    { statusCode: 200, multiValueHeaders: { a: [null] } },
  ])("is malformed: %j", (result) => {
    expect(read(result, "1.0")).toBeUndefined();
  });
});
