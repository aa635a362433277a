import { createArchive } from "../../../functions/archive.ts";

/**
 * Source that stands in a template, as the archive that CloudFormation makes of it: `index.js`, and `cfn-response` beside
 * it for those that answer custom resources.
 * AWS: "AWS::Lambda::Function Code" (ZipFile), "cfn-response module".
 */
export function inlineArchive(source: string): Promise<Buffer> {
  return createArchive({
    "index.js": source,
    ...(source.includes("cfn-response") ? { "cfn-response.js": CFN_RESPONSE } : {}),
  });
}

const CFN_RESPONSE = `
exports.SUCCESS = "SUCCESS";
exports.FAILED = "FAILED";

exports.send = function (event, context, responseStatus, responseData, physicalResourceId, noEcho) {
  return new Promise((resolve) => {
    const body = JSON.stringify({
      Status: responseStatus,
      Reason: "See the details in CloudWatch Log Stream: " + context.logStreamName,
      PhysicalResourceId: physicalResourceId || context.logStreamName,
      StackId: event.StackId,
      RequestId: event.RequestId,
      LogicalResourceId: event.LogicalResourceId,
      NoEcho: noEcho || false,
      Data: responseData,
    });
    const url = new URL(event.ResponseURL);
    const finish = () => {
      if (context.done) context.done();
      resolve();
    };
    const request = require(url.protocol === "http:" ? "http" : "https").request(
      url,
      { method: "PUT", headers: { "content-type": "", "content-length": Buffer.byteLength(body) } },
      (response) => response.resume().on("end", finish),
    );
    request.on("error", (error) => {
      console.log("send(..) failed executing request(..): " + error);
      finish();
    });
    request.end(body);
  });
};
`;
