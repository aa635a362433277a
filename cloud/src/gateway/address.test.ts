import { describe, expect, it } from "vitest";
import { findApiAddress } from "./address.ts";

function find(path: string, host = "127.0.0.1") {
  const head = { method: "GET", target: path, path, query: "", headers: {}, host, sourceIp: "", httpVersion: "1.1" };
  return findApiAddress(head);
}

describe("the address of an API", () => {
  it.each([
    ["/_aws/execute-api/abc", { apiId: "abc", path: "/" }],
    ["/_aws/execute-api/abc/", { apiId: "abc", path: "/" }],
    ["/_aws/execute-api/abc/dev/orders", { apiId: "abc", path: "/dev/orders" }],
    ["/_aws/execute-api/abc/$default/orders", { apiId: "abc", stageName: "$default", path: "/orders" }],
    ["/_aws/execute-api/abc/%24default", { apiId: "abc", stageName: "$default", path: "/" }],
    ["/_aws/execute-api/abc/$defaults", { apiId: "abc", path: "/$defaults" }],
    ["/restapis/abc/dev/_user_request_/orders/1", { apiId: "abc", stageName: "dev", path: "/orders/1" }],
    ["/restapis/abc/%24default/_user_request_", { apiId: "abc", stageName: "$default", path: "/" }],
    ["/restapis/abc/%zz/_user_request_/", { apiId: "abc", stageName: "%zz", path: "/" }],
    ["/restapis/abc/resources", undefined],
    ["/restapis", undefined],
    ["/v2/apis", undefined],
    ["/bucket/_aws/execute-api/abc", undefined],
  ])("%s", (path, address) => {
    expect(find(path)).toEqual(address);
  });

  it.each([
    ["abc123.execute-api.us-east-1.amazonaws.com", "abc123"],
    ["abc123.execute-api.localhost", "abc123"],
    ["execute-api.us-east-1.amazonaws.com", undefined],
    ["a.b.execute-api.us-east-1.amazonaws.com", undefined],
  ])("by host %s", (host, apiId) => {
    expect(find("/x", host)?.apiId).toBe(apiId);
  });
});
