/**
 * The rules of composite alarms: `ALARM("a") AND NOT (OK(b) OR INSUFFICIENT_DATA(c))`.
 * Source: PutCompositeAlarm in the CloudWatch API reference, AlarmRule.
 */

export type AlarmStateName = "ALARM" | "OK" | "INSUFFICIENT_DATA";

export type AlarmRule =
  | { readonly kind: "state"; readonly state: AlarmStateName; readonly alarm: string }
  | { readonly kind: "constant"; readonly value: boolean }
  | { readonly kind: "not"; readonly operand: AlarmRule }
  | { readonly kind: "and" | "or"; readonly left: AlarmRule; readonly right: AlarmRule };

export class AlarmRuleError extends Error {
  override name = "AlarmRuleError";
}

const STATES: readonly string[] = ["ALARM", "OK", "INSUFFICIENT_DATA"];
const ELEMENTS_MAX = 500;
const CHILDREN_MAX = 100;
const TOKEN = /\s*(?:"((?:[^"\\]|\\.)*)"|([()])|([^\s()"]+))/y;

/** @throws AlarmRuleError */
export function parseAlarmRule(text: string): AlarmRule {
  const parser = new Parser(text);
  const rule = parser.whole();
  if (parser.elements > ELEMENTS_MAX) throw new AlarmRuleError(`A rule can have as many as ${ELEMENTS_MAX} elements`);
  if (childrenOf(rule).length > CHILDREN_MAX)
    throw new AlarmRuleError(`A rule can name as many as ${CHILDREN_MAX} alarms`);
  return rule;
}

class Parser {
  /** Child alarms, TRUE or FALSE, and parentheses. */
  elements = 0;
  #at = 0;

  constructor(private readonly text: string) {}

  whole(): AlarmRule {
    const rule = this.#or();
    if (this.text.slice(this.#at).trim() !== "") throw this.#unexpected();
    return rule;
  }

  #unexpected(): AlarmRuleError {
    return new AlarmRuleError(`Error in AlarmRule at position ${this.#at + 1}`);
  }

  #token(): { word?: string; quoted?: string; sign?: string; end: number } | undefined {
    TOKEN.lastIndex = this.#at;
    const match = TOKEN.exec(this.text);
    if (!match) return undefined;
    const [, quoted, sign, word] = match;
    return { quoted, sign, word, end: TOKEN.lastIndex };
  }

  #takeWord(word: string): boolean {
    const token = this.#token();
    if (token?.word !== word) return false;
    this.#at = token.end;
    return true;
  }

  #takeSign(sign: string): boolean {
    const token = this.#token();
    if (token?.sign !== sign) return false;
    this.#at = token.end;
    return true;
  }

  #or(): AlarmRule {
    let left = this.#and();
    while (this.#takeWord("OR")) left = { kind: "or", left, right: this.#and() };
    return left;
  }

  #and(): AlarmRule {
    let left = this.#not();
    while (this.#takeWord("AND")) left = { kind: "and", left, right: this.#not() };
    return left;
  }

  #not(): AlarmRule {
    return this.#takeWord("NOT") ? { kind: "not", operand: this.#not() } : this.#one();
  }

  #one(): AlarmRule {
    this.elements++;
    if (this.#takeSign("(")) {
      const inner = this.#or();
      if (!this.#takeSign(")")) throw this.#unexpected();
      return inner;
    }
    if (this.#takeWord("TRUE")) return { kind: "constant", value: true };
    if (this.#takeWord("FALSE")) return { kind: "constant", value: false };
    const state = STATES.find((name) => this.#takeWord(name));
    if (state === undefined || !this.#takeSign("(")) throw this.#unexpected();
    return { kind: "state", state: state as AlarmStateName, alarm: this.#name() };
  }

  /** A name in quotation marks or, up to the closing parenthesis, without. */
  #name(): string {
    const token = this.#token();
    if (token?.quoted !== undefined) {
      this.#at = token.end;
      if (!this.#takeSign(")") || token.quoted === "") throw this.#unexpected();
      return token.quoted.replace(/\\(.)/g, "$1");
    }
    const end = this.text.indexOf(")", this.#at);
    const name = end < 0 ? "" : this.text.slice(this.#at, end).trim();
    if (name === "" || name.includes("(")) throw this.#unexpected();
    this.#at = end + 1;
    return name;
  }
}

/** The alarms that a rule names, each once: names or ARNs, as they are written. */
export function childrenOf(rule: AlarmRule): string[] {
  const names = new Set<string>();
  const visit = (one: AlarmRule): void => {
    if (one.kind === "state") names.add(one.alarm);
    else if (one.kind === "not") visit(one.operand);
    else if (one.kind !== "constant") {
      visit(one.left);
      visit(one.right);
    }
  };
  visit(rule);
  return [...names];
}

/** Whether a rule holds. */
export function holdsRule(rule: AlarmRule, stateOf: (alarm: string) => AlarmStateName | undefined): boolean {
  switch (rule.kind) {
    case "constant":
      return rule.value;
    case "state":
      return stateOf(rule.alarm) === rule.state;
    case "not":
      return !holdsRule(rule.operand, stateOf);
    case "and":
      return holdsRule(rule.left, stateOf) && holdsRule(rule.right, stateOf);
    case "or":
      return holdsRule(rule.left, stateOf) || holdsRule(rule.right, stateOf);
  }
}
