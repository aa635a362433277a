/**
 * Templates as SES renders them: Handlebars, without escaping, where an attribute that is missing is an error.
 *
 * AWS: "Using templates to send personalized email": "Amazon SES doesn't escape HTML content when rendering the HTML
 * template"; "Advanced email personalization": nested attributes, lists, conditions, inline partials.
 */
import { createRequire } from "node:module";
import type Handlebars from "handlebars";

/** An attribute that the template names and the data lacks. */
export class MissingAttribute extends Error {
  override name = "MissingAttribute";
  constructor(readonly attribute: string) {
    super(attribute);
  }
}

/** A template that is none. */
export class MalformedTemplate extends Error {
  override name = "MalformedTemplate";
}

export interface TemplateParts {
  readonly subject: string;
  readonly text?: string | undefined;
  readonly html?: string | undefined;
}

const REQUIRED = "katachiRequired";

interface Engine {
  parse(text: string): hbs.AST.Program;
  compile(program: hbs.AST.Program): (data: Record<string, unknown>) => string;
  /** Has the visitor go over a program and change it. */
  insist(program: hbs.AST.Program): void;
}

let loaded: Engine | undefined;

/** Loads the library when first used: most clouds render no mail, and all of them are to start in a blink. */
function engineOf(): Engine {
  if (loaded) return loaded;
  const handlebars = createRequire(import.meta.url)("handlebars") as typeof Handlebars;
  const own = handlebars.create();
  own.registerHelper(REQUIRED, (value: unknown, name: string) => {
    if (value === undefined || value === null) throw new MissingAttribute(name);
    return value;
  });
  const visitor = new handlebars.Visitor();
  visitor.MustacheStatement = insistOn;
  loaded = {
    parse: (text) => own.parse(text),
    compile: (program) => own.compile(program, { noEscape: true }),
    insist: (program) => visitor.accept(program),
  };
  return loaded;
}

/** @throws MalformedTemplate, MissingAttribute */
export function render(parts: TemplateParts, data: Record<string, unknown>): TemplateParts {
  return {
    subject: renderText(parts.subject, data),
    ...(parts.text === undefined ? {} : { text: renderText(parts.text, data) }),
    ...(parts.html === undefined ? {} : { html: renderText(parts.html, data) }),
  };
}

/** @throws MalformedTemplate */
export function checkTemplate({ subject, text, html }: TemplateParts): void {
  for (const part of [subject, text, html]) if (part !== undefined) parse(part);
}

function renderText(text: string, data: Record<string, unknown>): string {
  if (!text.includes("{{")) return text;
  const program = parse(text);
  engineOf().insist(program);
  return engineOf().compile(program)(data);
}

function parse(text: string): hbs.AST.Program {
  try {
    return engineOf().parse(text);
  } catch (error) {
    throw new MalformedTemplate(error instanceof Error ? error.message : String(error));
  }
}

/** Turns a `{{name}}` into a call of the helper that insists on the value. */
function insistOn(mustache: hbs.AST.MustacheStatement): void {
  const path = mustache.path as hbs.AST.PathExpression;
  if (path.type !== "PathExpression" || mustache.params.length > 0 || path.data || path.parts.length === 0) return;
  const name: hbs.AST.StringLiteral = {
    type: "StringLiteral",
    value: path.original,
    original: path.original,
    loc: path.loc,
  };
  mustache.params = [path, name];
  mustache.path = { ...path, original: REQUIRED, parts: [REQUIRED], depth: 0 } as hbs.AST.PathExpression;
}
