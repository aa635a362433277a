import { describe, expect, it } from "vitest";
import { findRouteKey } from "./route-key.ts";
import { RouteTable } from "./route-table.ts";

function table(...keys: string[]) {
  return new RouteTable(keys.map((key) => [key, key] as const));
}

describe("route keys", () => {
  it.each(["GET /", "ANY /{proxy+}", "POST /a/{b}/c", "DELETE /a/{b}/{c+}", "PATCH /a.b/c-d"])("reads %s", (key) => {
    expect(findRouteKey(key)).toBeDefined();
  });

  it.each([
    "GET",
    "get /",
    "FETCH /",
    "GET a",
    "GET /{a+}/b",
    "GET /{a}/{a}",
    "GET /x{a}",
    "GET  /a",
    "$default",
    "GET /{}",
  ])("refuses %s", (key) => {
    expect(findRouteKey(key)).toBeUndefined();
  });
});

describe("the route of a request", () => {
  // AWS: the example of "Create routes for HTTP APIs".
  const documented = table("GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "$default");

  it.each([
    ["GET", "/pets/dog/1", "GET /pets/dog/1", undefined],
    ["GET", "/pets/dog/2", "GET /pets/dog/{id}", { id: "2" }],
    ["GET", "/pets/cat/1", "GET /pets/{proxy+}", { proxy: "cat/1" }],
    ["POST", "/test/5", "ANY /{proxy+}", { proxy: "test/5" }],
    ["POST", "/pets/dog/1", "ANY /{proxy+}", { proxy: "pets/dog/1" }],
    ["GET", "/", "$default", undefined],
  ])("%s %s is %s", (method, path, key, parameters) => {
    expect(documented.match(method, path)).toEqual({ value: key, parameters });
  });

  it("takes the method's own route before ANY, and ANY for the rest", () => {
    const routes = table("ANY /a", "GET /a");
    expect(routes.match("GET", "/a")?.value).toBe("GET /a");
    expect(routes.match("PUT", "/a")?.value).toBe("ANY /a");
  });

  it("turns back where a literal segment leads nowhere", () => {
    const routes = table("GET /a/b/c", "GET /a/{x}/d", "GET /{y}/{z}/e");
    expect(routes.match("GET", "/a/b/d")).toEqual({ value: "GET /a/{x}/d", parameters: { x: "b" } });
    expect(routes.match("GET", "/a/b/e")).toEqual({ value: "GET /{y}/{z}/e", parameters: { y: "a", z: "b" } });
    expect(routes.match("GET", "/a/b/f")).toBeUndefined();
  });

  it("takes a full match before a greedy one", () => {
    const routes = table("GET /x/{proxy+}", "GET /{a}/b");
    expect(routes.match("GET", "/x/b")?.value).toBe("GET /{a}/b");
  });

  it("takes the greedy route with the longest path before its variable", () => {
    const routes = table("ANY /{all+}", "GET /a/{rest+}", "GET /a/b/{rest+}");
    expect(routes.match("GET", "/a/b/c/d")).toEqual({ value: "GET /a/b/{rest+}", parameters: { rest: "c/d" } });
    expect(routes.match("GET", "/a/c")).toEqual({ value: "GET /a/{rest+}", parameters: { rest: "c" } });
    expect(routes.match("POST", "/a/c")).toEqual({ value: "ANY /{all+}", parameters: { all: "a/c" } });
  });

  it("combines variables before a greedy one", () => {
    expect(table("GET /{a}/x/{rest+}").match("GET", "/1/x/2/3")?.parameters).toEqual({ a: "1", rest: "2/3" });
  });

  it("tells a trailing slash and an empty segment apart", () => {
    const routes = table("GET /a", "GET /a/{id}");
    expect(routes.match("GET", "/a/")).toBeUndefined();
    expect(routes.match("GET", "/a/1/")).toBeUndefined();
    expect(table("ANY /{proxy+}").match("GET", "/")).toBeUndefined();
    expect(table("ANY /{proxy+}").match("GET", "/a/")?.parameters).toEqual({ proxy: "a/" });
  });

  it("lets routes of other methods name the variable differently", () => {
    const routes = table("GET /a/{id}", "DELETE /a/{key}");
    expect(routes.match("GET", "/a/1")?.parameters).toEqual({ id: "1" });
    expect(routes.match("DELETE", "/a/1")?.parameters).toEqual({ key: "1" });
  });

  it("answers nothing where no route fits and there is no $default", () => {
    expect(table("GET /a").match("POST", "/a")).toBeUndefined();
  });
});
