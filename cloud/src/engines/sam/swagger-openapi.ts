import { PythonDict, type PythonValue } from "./python-dict.ts";
import { isOpenApi3, member } from "./swagger.ts";

/** Moves what OpenAPI 3 has elsewhere than Swagger 2. A Swagger 2 document stays as it is. */
export function asOpenApi3(body: PythonDict, version: unknown): PythonDict {
  if (body.has("swagger")) return body;
  if (!isOpenApi3(version ?? body.get("openapi"))) return body;
  move(body, "securityDefinitions", "securitySchemes");
  move(body, "definitions", "schemas");
  const paths = body.get("paths");
  if (paths instanceof PythonDict)
    for (const [, item] of paths.entries()) if (item instanceof PythonDict) changePreflight(item);
  return body;
}

function move(body: PythonDict, from: string, to: string): void {
  const part = body.get(from);
  if (!(part instanceof PythonDict) || part.size === 0) return;
  const held = body.get("components");
  const components = held instanceof PythonDict ? held : new PythonDict();
  components.set(to, part);
  body.set("components", components);
  body.delete(from);
}

/** OpenAPI 3 has no `consumes` and `produces`, and a schema around a header's type. */
function changePreflight(item: PythonDict): void {
  const options = item.get("options");
  if (!(options instanceof PythonDict)) return;
  options.delete("consumes");
  options.delete("produces");
  const headers = member(member(options.get("responses"), "200"), "headers");
  if (!(headers instanceof PythonDict)) return;
  // Quirk: SAM does so once for Auth, once for Models and once at the end, each time around what is there.
  for (const [name, header] of headers.entries()) headers.set(name, wrapped(header));
}

function wrapped(header: PythonValue): PythonDict {
  const dict = new PythonDict();
  dict.set("schema", header);
  return dict;
}
