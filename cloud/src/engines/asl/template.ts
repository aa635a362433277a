/** Payload templates of JSONPath states: members whose name ends in `.$` are paths or intrinsic functions. */
import { StatesError } from "./error.ts";
import { evaluateIntrinsic, type TemplateData } from "./intrinsic.ts";
import { isObject, textOf, type Json, type JsonObject } from "./json.ts";
import { findByPath } from "./path.ts";

/**
 * The template with its paths replaced by what they name.
 * @throws StatesError `States.ParameterPathFailure`, `States.IntrinsicFailure`
 */
export function fillTemplate(template: Json, data: TemplateData): Json {
  if (Array.isArray(template)) return template.map((item) => fillTemplate(item, data));
  if (!isObject(template)) return template;
  const filled: JsonObject = {};
  for (const [name, value] of Object.entries(template))
    if (name.endsWith(".$")) filled[name.slice(0, -2)] = expression(name, value as string, data);
    else filled[name] = fillTemplate(value, data);
  return filled;
}

function expression(field: string, text: string, data: TemplateData): Json {
  if (!text.startsWith("$")) return evaluateIntrinsic(text, data);
  const found = findByPath(text, data);
  if (found !== undefined) return found;
  throw new StatesError(
    "States.ParameterPathFailure",
    `The JSONPath '${text}' specified for the field '${field}' could not be found in the input '${textOf(data.input)}'`,
  );
}
