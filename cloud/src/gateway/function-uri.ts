/** An integration's or authorizer's function: its ARN, or AWS's URI around it. */
const URI = /^arn:aws[\w-]*:apigateway:[\w-]+:lambda:path\/2015-03-31\/functions\/(arn:.+)\/invocations$/;

/** The ARN of the function in `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/ARN/invocations`, or the text itself. */
export function functionArnOf(uri: string): string {
  return URI.exec(uri)?.[1] ?? uri;
}

export function isFunctionUri(uri: string): boolean {
  return (
    /^arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:\S+$/.test(functionArnOf(uri)) || uri.includes("${stageVariables.")
  );
}
