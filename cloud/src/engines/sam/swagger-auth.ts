import { templateError } from "./error.ts";
import { isTruthy, type Json } from "./json.ts";
import { PythonDict, toPython, Unicode, type PythonList, type PythonValue } from "./python-dict.ts";
import type { SwaggerEditor } from "./swagger.ts";

const AWS_IAM = [
  ["x-amazon-apigateway-authtype", "awsSigv4"],
  ["type", "apiKey"],
  ["name", "Authorization"],
  ["in", "header"],
] as const;
const API_KEY = [
  ["type", "apiKey"],
  ["name", "x-api-key"],
  ["in", "header"],
] as const;

export function addApiKeyDefinition(editor: SwaggerEditor): void {
  editor.ensureSecurityDefinition("api_key", API_KEY);
}

function securityOf(definition: PythonDict, path: string, method: string): PythonList {
  const security = definition.get("security") ?? [];
  if (!Array.isArray(security))
    throw templateError(`Type of security for path ${path} method ${method} must be a list`);
  return security;
}

function namesOf(security: PythonValue): string[] {
  if (!(security instanceof PythonDict)) throw templateError("Security is not a valid dictionary.");
  return security.names();
}

function only(name: string | Unicode, scopes: PythonValue): PythonDict {
  const dict = new PythonDict();
  dict.set(name, scopes);
  return dict;
}

function setSecurity(editor: SwaggerEditor, definition: PythonDict, security: PythonList): void {
  definition.set("security", security);
  if (namesOf(security[0]!).includes("AWS_IAM")) editor.ensureSecurityDefinition("AWS_IAM", AWS_IAM);
}

/** Every method without an authorizer of its own gets the default one; `NONE` is taken off. */
export function setDefaultAuthorizer(
  editor: SwaggerEditor,
  path: string,
  authorizer: string,
  authorizers: Readonly<Record<string, unknown>>,
  scopes: PythonValue,
  onPreflight: boolean,
): void {
  const known = new Set(["AWS_IAM", ...Object.keys(authorizers)]);
  for (const [method, definition] of editor.allMethods(path)) {
    if (!onPreflight && method === "options") continue;
    const existing = securityOf(definition, path, method);
    const others = existing.filter((one) => !namesOf(one).some((name) => known.has(name)));
    const own = existing.filter((one) => namesOf(one).some((name) => known.has(name)));
    const none = others.findIndex((one) => namesOf(one).includes("NONE"));
    if (none >= 0) others.splice(none, 1);
    const added = none >= 0 ? [] : own.length > 0 ? own : [only(new Unicode(authorizer), scopes)];
    const security = [...others, ...added];
    if (security.length > 0) setSecurity(editor, definition, security);
  }
}

/** Every method wants an API key, unless it says that it does not. */
export function setDefaultApiKey(editor: SwaggerEditor, path: string, onPreflight: boolean): void {
  for (const [method, definition] of editor.allMethods(path)) {
    const existing = securityOf(definition, path, method);
    const isKey = (one: PythonValue) => namesOf(one).some((name) => name === "api_key" || name === "api_key_false");
    const others = existing.filter((one) => !isKey(one));
    const refuses = existing.some((one) => namesOf(one).includes("api_key_false"));
    const isLeftOut = refuses || (method === "options" && !onPreflight);
    const security = isLeftOut ? others : [...others, only("api_key", [])];
    if (security.length !== existing.length || !isLeftOut) {
      if (!isSameSecurity(security, existing)) definition.set("security", security);
    }
  }
}

function isSameSecurity(a: PythonList, b: PythonList): boolean {
  const text = (list: PythonList) => JSON.stringify(list.map((one) => namesOf(one)));
  return text(a) === text(b);
}

/** What an event asks for in its `Auth`: an authorizer, its scopes, an API key. */
export function setMethodAuth(
  editor: SwaggerEditor,
  path: Unicode,
  method: Unicode,
  auth: Json,
  apiAuthorizers: Json | undefined,
): void {
  const name = auth["Authorizer"] as string | undefined;
  if (name) {
    for (const definition of editor.methods(path.text, method)) {
      const security = only(new Unicode(name), scopesOf(name, auth, apiAuthorizers));
      setSecurity(editor, definition, [...securityOf(definition, path.text, method.text), security]);
    }
  }
  if (auth["ApiKeyRequired"] === undefined) return;
  for (const definition of editor.methods(path.text, method)) {
    if (auth["ApiKeyRequired"]) addApiKeyDefinition(editor);
    const security = only(auth["ApiKeyRequired"] ? "api_key" : "api_key_false", []);
    definition.set("security", [...securityOf(definition, path.text, method.text), security]);
  }
}

function scopesOf(name: string, auth: Json, authorizers: Json | undefined): PythonValue {
  if (name === "NONE" || !isTruthy(authorizers)) return [];
  const authorizer = authorizers![name] as Json | undefined;
  const scopes = auth["AuthorizationScopes"] ?? authorizer?.["AuthorizationScopes"];
  return authorizer !== undefined && scopes !== undefined ? toPython(scopes) : [];
}
