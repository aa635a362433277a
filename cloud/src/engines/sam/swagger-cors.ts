import { PythonDict, type PlainDict, type PythonValue } from "./python-dict.ts";
import { INTEGRATION, type SwaggerEditor } from "./swagger.ts";

const ALL_METHODS = ["OPTIONS", "GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"];

export interface CorsInput {
  readonly origin: PythonValue;
  readonly headers: PythonValue | undefined;
  readonly methods: PythonValue | undefined;
  readonly maxAge: PythonValue | undefined;
  readonly credentials: boolean;
}

/** Answers a browser's preflight on a path by a mock integration, where the path has no OPTIONS method of its own. */
export function addCors(editor: SwaggerEditor, path: string, cors: CorsInput): void {
  let methods = cors.methods;
  for (const item of editor.items(path)) {
    if (item.has("options")) continue;
    methods ??= `'${allowedMethods(item)}'`;
    item.set("options", preflight({ ...cors, methods }));
  }
}

function allowedMethods(item: PythonDict): string {
  const names = item.names();
  const all = names.includes("x-amazon-apigateway-any-method") ? ALL_METHODS : [...names, "options"];
  return [...new Set(all.map((name) => name.toUpperCase()))].sort().join(",");
}

function preflight({ origin, headers, methods, maxAge, credentials }: CorsInput): PythonDict {
  const prefix = "method.response.header.Access-Control-";
  const parameters = PythonDict.of({ [`${prefix}Allow-Origin`]: origin });
  const described = PythonDict.of({ "Access-Control-Allow-Origin": { type: "string" } });
  const tell = (name: string, value: PythonValue, type: string) => {
    parameters.set(prefix + name, value);
    described.set(`Access-Control-${name}`, { type });
  };
  if (headers) tell("Allow-Headers", headers, "string");
  if (methods) tell("Allow-Methods", methods, "string");
  if (maxAge !== undefined) tell("Max-Age", maxAge, "integer");
  if (credentials) tell("Allow-Credentials", "'true'", "string");
  const definition = new PythonDict();
  definition.set("summary", "CORS support");
  definition.set("consumes", ["application/json"]);
  definition.set("produces", ["application/json"]);
  definition.set(INTEGRATION, mock(parameters));
  const responses = new PythonDict();
  definition.set("responses", responses);
  const ok = new PythonDict();
  responses.set("200", ok);
  ok.set("description", "Default response for CORS method");
  ok.set("headers", described);
  return definition;
}

function mock(parameters: PythonDict): PythonDict {
  const integration = new PythonDict();
  integration.set("type", "mock");
  const template: PlainDict = { "application/json": '{\n  "statusCode" : 200\n}\n' };
  integration.set("requestTemplates", template);
  const responses = new PythonDict();
  integration.set("responses", responses);
  const answer = new PythonDict();
  responses.set("default", answer);
  answer.set("statusCode", "200");
  answer.set("responseParameters", parameters);
  answer.set("responseTemplates", { "application/json": "{}\n" });
  return integration;
}
