import type { Source } from "./context.ts";
import { resourceError } from "./error.ts";
import { expectMap } from "./expect.ts";
import { isIntrinsic, isObject, isTruthy, type Json } from "./json.ts";
import { PythonDict, toPython, Unicode, type PythonValue } from "./python-dict.ts";
import { isOpenApi3, isSwagger, SwaggerEditor } from "./swagger.ts";
import { addCors } from "./swagger-cors.ts";
import { asOpenApi3 } from "./swagger-openapi.ts";

const CORS = ["AllowMethods", "AllowHeaders", "AllowOrigin", "MaxAge", "AllowCredentials"];

function bodyOf(logicalId: string, what: string, body: PythonDict | undefined, adds: string): PythonDict {
  if (!body)
    throw resourceError(logicalId, `${what} works only with inline Swagger specified in 'DefinitionBody' property.`);
  if (!isSwagger(body))
    throw resourceError(
      logicalId,
      `Unable to add ${adds} because 'DefinitionBody' does not contain a valid Swagger definition.`,
    );
  return body;
}

/** `Cors`: a preflight answer on every path. @throws SamError */
export function bodyWithCors(
  { logicalId, properties: p }: Source,
  given: PythonDict | undefined,
): PythonDict | undefined {
  const cors = p["Cors"];
  if (!isTruthy(cors)) return given;
  const config: Json = typeof cors === "string" || isIntrinsic(cors) ? { AllowOrigin: cors } : (cors as Json);
  if (given && !isObject(config)) throw resourceError(logicalId, "Invalid value for 'Cors' property");
  const unknown = Object.keys(config).find((name) => !CORS.includes(name));
  if (given && unknown !== undefined) throw resourceError(logicalId, `Invalid key '${unknown}' for 'Cors' property.`);
  const body = bodyOf(logicalId, "Cors", given, "Cors configuration");
  const { AllowOrigin: origin = "'*'", AllowHeaders, AllowMethods, MaxAge, AllowCredentials } = config;
  if (AllowCredentials === true && origin === "'*'")
    throw resourceError(
      logicalId,
      "Unable to add Cors configuration because 'AllowCredentials' can not be true when 'AllowOrigin' is \"'*'\" or not set",
    );
  const editor = new SwaggerEditor(body);
  const done = new Set<string>();
  for (const path of editor.paths.names()) {
    const normal = path === "/" ? path : path.replace(/\/+$/, "");
    if (done.has(normal)) continue;
    done.add(normal);
    addCors(editor, path, {
      origin: config["AllowOrigin"] === undefined ? "'*'" : toPython(origin),
      headers: optional(AllowHeaders),
      methods: optional(AllowMethods),
      maxAge: MaxAge === undefined ? undefined : toPython(MaxAge),
      credentials: AllowCredentials === true,
    });
  }
  return editor.done();
}

function optional(value: unknown): PythonValue | undefined {
  return isTruthy(value) ? toPython(value) : undefined;
}

/** Gateway responses, binary media types, models and the endpoint's switch. @throws SamError */
export function bodyWithExtras(source: Source, given: PythonDict | undefined, media: unknown): PythonDict | undefined {
  const { logicalId, properties: p } = source;
  let body = withGatewayResponses(source, given);
  if (isTruthy(media) && body) {
    const editor = new SwaggerEditor(body);
    editor.doc.set("x-amazon-apigateway-binary-media-types", withSlashes(toPython(media)));
    body = editor.done();
  }
  if (isTruthy(p["Models"])) {
    const editor = new SwaggerEditor(bodyOf(logicalId, "Models", body, "Models definitions"));
    for (const [name, schema] of Object.entries(p["Models"] as Json)) {
      if (!isObject(schema)) throw resourceError(logicalId, "Invalid value for 'Models' property");
      editor.addModel(name, toPython(schema));
    }
    body = asOpenApi3(editor.done(), p["OpenApiVersion"]);
  }
  const disabled = p["DisableExecuteApiEndpoint"];
  if (disabled === undefined) return body;
  if (!body) throw resourceError(logicalId, "DisableExecuteApiEndpoint works only within 'DefinitionBody' property.");
  const editor = new SwaggerEditor(body);
  disableEndpoint(editor.doc, disabled as boolean);
  return editor.done();
}

function withSlashes(value: PythonValue): PythonValue {
  if (value instanceof Unicode) return new Unicode(value.text.replaceAll("~1", "/"));
  return Array.isArray(value) ? value.map(withSlashes) : value;
}

function disableEndpoint(doc: PythonDict, disabled: boolean): void {
  const key = "x-amazon-apigateway-endpoint-configuration";
  const setIn = (dict: PythonDict) => {
    const held = dict.get(key);
    if (held instanceof PythonDict) held.set("disableExecuteApiEndpoint", disabled);
    else dict.set(key, { disableExecuteApiEndpoint: disabled });
  };
  if (!doc.has("openapi") || !isOpenApi3(doc.get("openapi"))) return setIn(doc);
  const held = doc.get("servers");
  const servers = Array.isArray(held) ? held : [new PythonDict()];
  for (const server of servers) if (server instanceof PythonDict) setIn(server);
  doc.set("servers", servers);
}

const RESPONSE = ["ResponseParameters", "ResponseTemplates", "StatusCode"];
const PARAMETERS = [
  ["Headers", "header."],
  ["Paths", "path."],
  ["QueryStrings", "querystring."],
] as const;

function withGatewayResponses(
  { logicalId, properties: p }: Source,
  given: PythonDict | undefined,
): PythonDict | undefined {
  if (!isTruthy(p["GatewayResponses"])) return given;
  const responses = p["GatewayResponses"] as Json;
  for (const [name, response] of Object.entries(responses)) {
    if (isIntrinsic(response) && !RESPONSE.includes(Object.keys(response)[0]!))
      throw resourceError(
        logicalId,
        "Unable to set GatewayResponses attribute because intrinsic functions are not supported for this field.",
      );
    const keys = Object.keys(expectMap(response, logicalId, `GatewayResponses.${name}`));
    const unknown = keys.find((key) => !RESPONSE.includes(key));
    if (unknown !== undefined)
      throw resourceError(logicalId, `Invalid property '${unknown}' in 'GatewayResponses' property '${name}'.`);
  }
  const editor = new SwaggerEditor(bodyOf(logicalId, "GatewayResponses", given, "Auth configuration"));
  for (const [key, response] of (toPython(responses) as PythonDict).entries())
    editor.addGatewayResponse(key, gatewayResponse(logicalId, response as PythonDict));
  return editor.done();
}

function gatewayResponse(logicalId: string, response: PythonDict): PythonDict {
  const asked = response.get("ResponseParameters");
  const parameters = asked instanceof PythonDict ? asked : new PythonDict();
  const unknown = parameters.names().find((name) => !PARAMETERS.some(([known]) => known === name));
  if (unknown !== undefined) throw resourceError(logicalId, `Invalid gateway response parameter '${unknown}'`);
  const prefixed = new PythonDict();
  for (const [name, prefix] of PARAMETERS) {
    const members = parameters.get(name);
    if (!(members instanceof PythonDict)) continue;
    for (const [key, value] of members.entries())
      prefixed.set(new Unicode(`gatewayresponse.${prefix}${key instanceof Unicode ? key.text : key}`), value);
  }
  const made = new PythonDict();
  made.set("responseParameters", prefixed);
  made.set("responseTemplates", response.get("ResponseTemplates") ?? new PythonDict());
  const status = response.get("StatusCode");
  if (status === undefined || status === null) return made;
  const text = status instanceof Unicode ? status.text : String(status);
  if (!/^\d{1,3}$/.test(text)) throw resourceError(logicalId, "Property 'StatusCode' must be numeric");
  made.set("statusCode", text);
  return made;
}
