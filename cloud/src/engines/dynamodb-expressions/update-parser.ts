import { InvalidInput } from "./invalid-input.ts";
import { Tokens } from "./lexer.ts";
import {
  isFunction,
  MISUSED_FUNCTION,
  UNKNOWN_FUNCTION,
  UPDATE_FUNCTIONS,
  type Operand,
  type Parsed,
  type SetValue,
  type UpdateAction,
  type UpdateSection,
} from "./syntax.ts";

const SECTIONS: readonly UpdateSection[] = ["SET", "REMOVE", "ADD", "DELETE"];
const KEYWORDS: ReadonlySet<string> = new Set(SECTIONS);
const OPERATORS_MAX = 300;

/**
 * Parses an update expression.
 * @throws InvalidInput for a syntax error, or what is too long or too deep
 */
export function parseUpdate(source: string): Parsed<readonly UpdateAction[]> {
  const tokens = new Tokens(source, KEYWORDS);
  const actions: UpdateAction[] = [];
  const seen = new Set<UpdateSection>();
  let repeated: UpdateSection | undefined;
  do {
    const section = SECTIONS.find((name) => tokens.takeKeyword(name)) ?? tokens.fail();
    if (seen.has(section)) repeated ??= section;
    seen.add(section);
    do actions.push(action(tokens, section));
    while (tokens.take(","));
  } while (!tokens.atEnd);
  if (tokens.operators > OPERATORS_MAX)
    throw new InvalidInput(`The expression contains too many operators; operator count: ${OPERATORS_MAX + 1}`);
  return { tree: actions, problem: problemOf(tokens, actions, repeated) };
}

function action(tokens: Tokens, section: UpdateSection): UpdateAction {
  const path = tokens.path();
  if (section === "REMOVE") return { section, path };
  if (section !== "SET") return { section, path, ref: tokens.value() };
  tokens.expect("=");
  return { section, path, value: setValue(tokens) };
}

/** A value may stand in parentheses as a whole, `(a + :b)`, or each operand by itself, `(a) + (:b)`. */
function setValue(tokens: Tokens): SetValue {
  if (!tokens.isNext("(")) return sum(tokens);
  return tokens.either(
    () => {
      tokens.expect("(");
      const value = sum(tokens);
      tokens.expect(")");
      if (tokens.isNext("+") || tokens.isNext("-")) tokens.fail();
      return value;
    },
    () => sum(tokens),
  );
}

function sum(tokens: Tokens): SetValue {
  const left = tokens.operand();
  const operator = tokens.takeAny(["+", "-"] as const);
  if (!operator) return left;
  tokens.operators++;
  return { kind: "sum", operator, args: [left, tokens.operand()] };
}

function problemOf(
  tokens: Tokens,
  actions: readonly UpdateAction[],
  repeated: UpdateSection | undefined,
): string | undefined {
  if (tokens.reserved !== undefined) return tokens.reserved;
  for (const { name, within } of calls(actions)) {
    if (!isFunction(name)) return UNKNOWN_FUNCTION + name;
    // AWS: list_append may hold if_not_exists, but not another list_append.
    if (!Object.hasOwn(UPDATE_FUNCTIONS, name) || (name === "list_append" && within === "list_append"))
      return MISUSED_FUNCTION + name;
  }
  return repeated === undefined
    ? undefined
    : `The "${repeated}" section can only be used once in an update expression;`;
}

function* calls(actions: readonly UpdateAction[]): Generator<{ name: string; within?: string }> {
  for (const each of actions) {
    if (each.section !== "SET") continue;
    const { value } = each;
    yield* callsIn(value.kind === "sum" ? value.args : [value]);
  }
}

function* callsIn(operands: readonly Operand[], within?: string): Generator<{ name: string; within?: string }> {
  for (const operand of operands) {
    if (operand.kind !== "call") continue;
    yield within === undefined ? { name: operand.name } : { name: operand.name, within };
    yield* callsIn(operand.args, operand.name);
  }
}
