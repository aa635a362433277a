import type { Input } from "../../aws/api-types.ts";
import { invalidParameter } from "./errors.ts";
import type { Statement } from "./state.ts";

type Given = Pick<
  Input<"lambda", "AddPermission">,
  | "StatementId"
  | "Action"
  | "Principal"
  | "SourceArn"
  | "SourceAccount"
  | "EventSourceToken"
  | "PrincipalOrgID"
  | "FunctionUrlAuthType"
  | "InvokedViaFunctionUrl"
>;

/**
 * The statement that a permission becomes in the function's policy, in the form that AWS gives it.
 * @throws AwsError for a principal that is none
 */
export function readStatement(given: Given, resource: string): Statement {
  const equals: Record<string, string> = {};
  const like: Record<string, string> = {};
  if (given.SourceArn !== undefined) like["AWS:SourceArn"] = given.SourceArn;
  if (given.SourceAccount !== undefined) equals["AWS:SourceAccount"] = given.SourceAccount;
  if (given.EventSourceToken !== undefined) equals["lambda:EventSourceToken"] = given.EventSourceToken;
  if (given.PrincipalOrgID !== undefined) equals["aws:PrincipalOrgID"] = given.PrincipalOrgID;
  if (given.FunctionUrlAuthType !== undefined) equals["lambda:FunctionUrlAuthType"] = given.FunctionUrlAuthType;
  const condition = {
    ...(Object.keys(equals).length > 0 ? { StringEquals: equals } : {}),
    ...(given.InvokedViaFunctionUrl === undefined
      ? {}
      : { Bool: { "lambda:InvokedViaFunctionUrl": String(given.InvokedViaFunctionUrl) } }),
    ...(Object.keys(like).length > 0 ? { ArnLike: like } : {}),
  };
  return {
    Sid: given.StatementId!,
    Effect: "Allow",
    Principal: readPrincipal(given.Principal!),
    Action: given.Action!,
    Resource: resource,
    ...(Object.keys(condition).length > 0 ? { Condition: condition } : {}),
  };
}

function readPrincipal(principal: string): Statement["Principal"] {
  if (principal === "*") return "*";
  if (/^\d{12}$/.test(principal)) return { AWS: `arn:aws:iam::${principal}:root` };
  if (/^arn:aws[a-z-]*:(iam|sts)::\d{12}:/.test(principal)) return { AWS: principal };
  if (/^[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|alexa\.com|amazon\.com)$/.test(principal)) return { Service: principal };
  throw invalidParameter("The provided principal was invalid. Please check the principal and try again.");
}
