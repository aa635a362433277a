import { createArchive } from "../../../functions/archive.ts";
import { findRuntime } from "../../../functions/runtimes.ts";

/**
 * Source that stands in a template, as the archive that CloudFormation makes of it: `index.js` or `index.py`, and the
 * module beside it that answers custom resources, for code that names it.
 * AWS: "AWS::Lambda::Function Code" (ZipFile), "cfn-response module".
 */
export function inlineArchive(source: string, runtime: string | undefined): Promise<Buffer> {
  if (findRuntime(runtime ?? "")?.family === "python")
    return createArchive({
      "index.py": source,
      ...(source.includes("cfnresponse") ? { "cfnresponse.py": CFN_RESPONSE_PYTHON } : {}),
    });
  return createArchive({
    "index.js": source,
    ...(source.includes("cfn-response") ? { "cfn-response.js": CFN_RESPONSE } : {}),
  });
}

/** AWS's own stands on urllib3, which comes with boto3; this one needs nothing beside Python. */
const CFN_RESPONSE_PYTHON = `
import json
import urllib.request

SUCCESS = "SUCCESS"
FAILED = "FAILED"


def send(event, context, responseStatus, responseData, physicalResourceId=None, noEcho=False, reason=None):
    body = json.dumps(
        {
            "Status": responseStatus,
            "Reason": reason
            or "See the details in CloudWatch Log Stream: {}".format(context.log_stream_name),
            "PhysicalResourceId": physicalResourceId or context.log_stream_name,
            "StackId": event["StackId"],
            "RequestId": event["RequestId"],
            "LogicalResourceId": event["LogicalResourceId"],
            "NoEcho": noEcho,
            "Data": responseData,
        }
    ).encode("utf-8")
    request = urllib.request.Request(event["ResponseURL"], data=body, method="PUT", headers={"content-type": ""})
    try:
        with urllib.request.urlopen(request) as response:
            print("Status code:", response.status)
    except Exception as error:
        print("send(..) failed executing http.request(..):", error)
`;

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
