/**
 * What a sink gets instead of what happened: constants and paths into it. A text that is a path stands for what is
 * there, a path in braces within a text for its words:
 *
 * ```ts
 * { orderId: "$.id", at: "$$.time", note: "Order {$.id} over {$.total} yen", urgent: true }
 * ```
 *
 * `$.` begins at the body (the detail of an event, the body of a message, the record of a change), `$$.` at all of the
 * event as AWS hands it on. Of a point in time there are `$.time`, `$.id` and `$.schedule`.
 */
export type Template = string | number | boolean | null | readonly Template[] | { readonly [name: string]: Template };

const STEP = String.raw`(?:\.[A-Za-z_][\w-]*|\[\d+\]|\['[^']+'\])`;
const PATH = new RegExp(String.raw`^\$\$?${STEP}*$`);
const WITHIN = new RegExp(String.raw`\{(\$\$?${STEP}*)\}`, "g");

/** Where a path begins. */
export interface PlaceholderPath {
  readonly root: "body" | "event";
  /** As JSONPath has it, from the root: `$.id`. */
  readonly path: string;
}

export interface TemplateLanguage {
  /** How a value is named in the glue's template, e.g. `<$.body.id>`. */
  placeholder(path: PlaceholderPath): string;
  /** Whether a placeholder is mere text, and needs quotes to be a JSON string. */
  readonly isText?: boolean;
}

/**
 * Writes a template in the language of a glue.
 * @throws Error naming the text that is neither constant nor path
 */
export function compile(template: Template, language: TemplateLanguage): string {
  if (Array.isArray(template)) return `[${template.map((each: Template) => compile(each, language)).join(",")}]`;
  if (typeof template === "object" && template !== null) {
    const fields = Object.entries(template).map(
      ([name, each]) => `${JSON.stringify(constant(name))}:${compile(each as Template, language)}`,
    );
    return `{${fields.join(",")}}`;
  }
  if (typeof template !== "string") return JSON.stringify(template);
  if (template.startsWith("$")) {
    if (!PATH.test(template))
      throw new Error(
        `transform has "${template}"; allowed: a path of names and indexes, such as "$.lines[0].sku" or "$$.time"`,
      );
    const named = language.placeholder(parse(template));
    return language.isText ? JSON.stringify(named) : named;
  }
  return filledText(template, language);
}

function filledText(text: string, language: TemplateLanguage): string {
  let at = 0;
  let result = "";
  for (const found of text.matchAll(WITHIN)) {
    result += quoted(text.slice(at, found.index)) + language.placeholder(parse(found[1]!));
    at = found.index + found[0].length;
  }
  return `"${result}${quoted(text.slice(at))}"`;
}

const quoted = (text: string) => JSON.stringify(constant(text)).slice(1, -1);

/** AWS: between < and > stand the variables of templates. */
function constant(text: string): string {
  if (text.includes("<")) throw new Error(`transform has "${text}"; allowed: texts without <, which begins a variable`);
  return text;
}

function parse(path: string): PlaceholderPath {
  return path.startsWith("$$") ? { root: "event", path: path.slice(1) } : { root: "body", path };
}
