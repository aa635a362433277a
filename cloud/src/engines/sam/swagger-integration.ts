import { templateError } from "./error.ts";
import { isTruthy, type Json } from "./json.ts";
import { PythonDict, textOf, toPython, type PlainDict, type PythonValue, type Unicode } from "./python-dict.ts";
import { conditionalPart, INTEGRATION, methodName, type SwaggerEditor } from "./swagger.ts";

interface LambdaIntegration {
  readonly path: Unicode;
  readonly method: Unicode;
  readonly uri: PythonValue;
  readonly methodAuth: Json;
  readonly apiAuth: Json;
  readonly condition: Unicode | undefined;
  readonly transferMode: unknown;
}

/** A Lambda proxy integration for a path and method, with the caller's credentials where IAM authorizes. */
export function addLambdaIntegration(editor: SwaggerEditor, input: LambdaIntegration): void {
  const { path, method, uri, methodAuth, apiAuth, condition } = input;
  const name = methodName(method);
  const text = textOf(name)!;
  editor.addPath(path, method);
  for (const item of editor.items(path.text)) {
    const definition = item.get(text) as PythonDict;
    const integration = new PythonDict();
    definition.set(INTEGRATION, integration);
    integration.set("type", "aws_proxy");
    integration.set("httpMethod", "POST");
    integration.set("uri", condition === undefined ? uri : conditionalPart(condition, uri));
    if (input.transferMode === "RESPONSE_STREAM") integration.set("responseTransferMode", "STREAM");
    const credentials = invokeCredentials(methodAuth, apiAuth);
    if (credentials !== undefined) integration.set("credentials", credentials);
    definition.setDefault("responses", new PythonDict());
    if (condition !== undefined) item.set(name, conditionalPart(condition, definition));
  }
}

const CALLER = "arn:aws:iam::*:user/*";

/** `InvokeRole`: the caller's own credentials unless a role or `NONE` is told. */
function invokeCredentials(methodAuth: Json, apiAuth: Json): PythonValue | undefined {
  const isIam =
    methodAuth["Authorizer"] === "AWS_IAM" || (apiAuth["DefaultAuthorizer"] === "AWS_IAM" && !isTruthy(methodAuth));
  if (!isIam) return undefined;
  const roleOf = (auth: Json) =>
    isTruthy(auth["InvokeRole"]) ? auth["InvokeRole"] : "InvokeRole" in auth ? "NONE" : undefined;
  const role = roleOf(methodAuth) ?? roleOf(apiAuth);
  if (role === undefined || role === "CALLER_CREDENTIALS") return CALLER;
  return role === "NONE" ? undefined : toPython(role);
}

interface StateMachineIntegration {
  readonly path: Unicode;
  readonly method: Unicode;
  readonly uri: PlainDict;
  readonly credentials: PlainDict;
  readonly requestTemplates: PlainDict;
  readonly condition: Unicode | undefined;
}

/** An integration that starts an execution of a state machine. */
export function addStateMachineIntegration(editor: SwaggerEditor, input: StateMachineIntegration): void {
  const { path, method, condition } = input;
  const name = methodName(method);
  const text = textOf(name)!;
  if (editor.hasIntegration(path.text, method))
    throw templateError(`Integration already exists on Path=${path.text}, Method=${text}`);
  editor.addPath(path, method);
  for (const item of editor.items(path.text)) {
    const definition = item.get(text) as PythonDict;
    const integration = new PythonDict();
    definition.set(INTEGRATION, integration);
    integration.set("type", "aws");
    integration.set("httpMethod", "POST");
    integration.set("uri", condition === undefined ? input.uri : conditionalPart(condition, input.uri));
    integration.set("responses", statusCodes("statusCode", "200", "400"));
    integration.set("credentials", input.credentials);
    definition.setDefault("responses", statusCodes("description", "OK", "Bad Request"));
    integration.update([["requestTemplates", input.requestTemplates]]);
    if (condition !== undefined) item.set(name, conditionalPart(condition, definition));
  }
}

function statusCodes(member: string, good: string, bad: string): PythonDict {
  const codes = new PythonDict();
  codes.set("200", PythonDict.of({ [member]: good }));
  codes.set("400", PythonDict.of({ [member]: bad }));
  return codes;
}
