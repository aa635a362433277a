import { describe, expect, it } from "vitest";
import { dialAddress, workingAddresses } from "./addresses.ts";

const endpoint = "http://127.0.0.1:4566";

describe("addresses that work here", () => {
  it.each([
    [
      "https://abc123.execute-api.us-east-1.amazonaws.com/Prod/orders?x=1",
      `${endpoint}/_aws/execute-api/abc123/Prod/orders?x=1`,
    ],
    ["https://abc123.execute-api.ap-northeast-1.amazonaws.com", `${endpoint}/_aws/execute-api/abc123`],
    ["https://xyz789.lambda-url.eu-west-1.on.aws/", `${endpoint}/_aws/lambda-url/xyz789/`],
    ["https://sqs.us-east-1.amazonaws.com/000000000000/jobs.fifo", `${endpoint}/000000000000/jobs.fifo`],
    ["https://queue.amazonaws.com/000000000000/jobs", `${endpoint}/000000000000/jobs`],
    ["http://my-site.s3-website-us-east-1.amazonaws.com", `${endpoint}/_aws/s3-website/my-site`],
    ["http://my.site.s3-website.eu-central-1.amazonaws.com/a", `${endpoint}/_aws/s3-website/my.site/a`],
    ["https://bucket.s3.us-east-1.amazonaws.com/a/b", `${endpoint}/bucket/a/b`],
    ["https://bucket.s3.amazonaws.com/a", `${endpoint}/bucket/a`],
    ["https://s3.us-east-1.amazonaws.com/bucket/a", `${endpoint}/bucket/a`],
    [
      '{"url":"https://abc123.execute-api.us-east-1.amazonaws.com/","n":1}',
      `{"url":"${endpoint}/_aws/execute-api/abc123/","n":1}`,
    ],
    ["https://example.com/execute-api", "https://example.com/execute-api"],
    ["arn:aws:execute-api:us-east-1:000000000000:abc123", "arn:aws:execute-api:us-east-1:000000000000:abc123"],
    [
      "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
      "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc",
    ],
  ])("%s", (text, working) => {
    expect(workingAddresses(text, endpoint)).toBe(working);
  });

  it("dials issuers at the cloud itself", () => {
    expect(
      dialAddress("https://cognito-idp.us-east-1.amazonaws.com/us-east-1_abc/.well-known/jwks.json", endpoint),
    ).toBe(`${endpoint}/us-east-1_abc/.well-known/jwks.json`);
    expect(dialAddress("https://issuer.example/", endpoint)).toBe("https://issuer.example/");
  });
});
