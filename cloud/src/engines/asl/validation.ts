/**
 * What is wrong with a definition, as AWS tells it.
 * Source: the States Language specification; codes and words as `ValidateStateMachineDefinition` gives them.
 *
 * Gap: AWS's warnings (e.g. on hard-coded ARNs) are not given.
 */
import { CHOICE_OPERATORS } from "./choice.ts";
import { distributedProblems } from "./distributed-validation.ts";
import { parseIntrinsic } from "./intrinsic-syntax.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { findExpression, findSyntaxError } from "./jsonata.ts";
import { isReferencePath, parsePath } from "./path-syntax.ts";

export interface Diagnostic {
  readonly severity: "ERROR" | "WARNING";
  readonly code: string;
  readonly message: string;
  readonly location: string;
}

const COMMON = ["Type", "Comment", "QueryLanguage"];
const FLOW = ["Next", "End"];
const PATHS = ["InputPath", "OutputPath"];
const RESULT = ["Parameters", "ResultPath"];
const RETRIED = ["ResultSelector", "Retry", "Catch"];
const JSONATA = ["Arguments", "Output", "Items"];
const JSONPATH = new Set([
  "InputPath",
  "OutputPath",
  "ResultPath",
  "Parameters",
  "ResultSelector",
  "ItemsPath",
  "SecondsPath",
  "TimestampPath",
  "TimeoutSecondsPath",
  "HeartbeatSecondsPath",
  "MaxConcurrencyPath",
  "ErrorPath",
  "CausePath",
  "ToleratedFailureCountPath",
  "ToleratedFailurePercentagePath",
]);
const TIMES = ["TimeoutSeconds", "TimeoutSecondsPath", "HeartbeatSeconds", "HeartbeatSecondsPath"];
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pass: [...FLOW, ...PATHS, ...RESULT, "Result", "Assign", "Output"],
  Task: [
    ...FLOW,
    ...PATHS,
    ...RESULT,
    ...RETRIED,
    ...TIMES,
    "Resource",
    "Credentials",
    "Assign",
    "Output",
    "Arguments",
  ],
  Choice: [...PATHS, "Choices", "Default", "Assign", "Output"],
  Wait: [...FLOW, ...PATHS, "Seconds", "SecondsPath", "Timestamp", "TimestampPath", "Assign", "Output"],
  Succeed: [...PATHS, "Output"],
  Fail: ["Error", "ErrorPath", "Cause", "CausePath"],
  Parallel: [...FLOW, ...PATHS, ...RESULT, ...RETRIED, "Branches", "Assign", "Output", "Arguments"],
  Map: [
    ...FLOW,
    ...PATHS,
    ...RESULT,
    ...RETRIED,
    "ItemProcessor",
    "Iterator",
    "Items",
    "ItemsPath",
    "ItemSelector",
    "MaxConcurrency",
    "MaxConcurrencyPath",
    "Assign",
    "Output",
    // Of distributed Maps.
    "ItemReader",
    "ItemBatcher",
    "ResultWriter",
    "Label",
    "ToleratedFailureCount",
    "ToleratedFailureCountPath",
    "ToleratedFailurePercentage",
    "ToleratedFailurePercentagePath",
  ],
};
const MACHINE_FIELDS = new Set(["Comment", "StartAt", "States", "QueryLanguage", "TimeoutSeconds", "Version"]);
const EXCLUSIVE: readonly (readonly string[])[] = [
  ["Seconds", "SecondsPath", "Timestamp", "TimestampPath"],
  ["TimeoutSeconds", "TimeoutSecondsPath"],
  ["HeartbeatSeconds", "HeartbeatSecondsPath"],
  ["MaxConcurrency", "MaxConcurrencyPath"],
  ["Error", "ErrorPath"],
  ["Cause", "CausePath"],
  ["ItemProcessor", "Iterator"],
  ["ItemReader", "ItemsPath"],
  ["ItemReader", "Items"],
  ["ToleratedFailureCount", "ToleratedFailureCountPath"],
  ["ToleratedFailurePercentage", "ToleratedFailurePercentagePath"],
];

/** Everything that is wrong with a definition's text; empty: it is right. */
export function validateDefinition(text: string): Diagnostic[] {
  let machine: Json;
  try {
    machine = JSON.parse(text) as Json;
  } catch (error) {
    return [{ severity: "ERROR", code: "INVALID_JSON_DESCRIPTION", message: (error as Error).message, location: "" }];
  }
  const check = new Check();
  check.machine(machine, "", "JSONPath", true);
  return check.found;
}

class Check {
  readonly found: Diagnostic[] = [];

  private add(message: string, location: string, code = "SCHEMA_VALIDATION_FAILED"): void {
    this.found.push({ severity: "ERROR", code, message, location });
  }

  machine(machine: Json | undefined, at: string, outer: string, top = false): void {
    const here = at || "/";
    if (!isObject(machine)) return this.add("Expected value of type Object", here);
    const { StartAt, States } = machine;
    const missing = ["StartAt", "States"].filter((field) => !(field in machine));
    if (missing.length > 0) this.add(`These fields are required: [${missing.join(", ")}]`, here);
    for (const field of Object.keys(machine))
      if (!MACHINE_FIELDS.has(field) && (top || field !== "ProcessorConfig"))
        this.add(`Field is not supported`, `${at}/${field}`);
    const language = this.language(machine, at, outer);
    if (!isObject(States)) return;
    if (Object.keys(States).length === 0) this.add("At least one state is required", `${at}/States`);
    if (typeof StartAt === "string" && !(StartAt in States))
      this.add(`Missing 'Next' target: ${StartAt}`, `${at}/StartAt`, "MISSING_TRANSITION_TARGET");
    for (const [name, state] of Object.entries(States)) {
      if (name.length > 80) this.add("State name must be 80 characters or less", `${at}/States/${name}`);
      this.state(state, `${at}/States/${name}`, language, States);
    }
    this.reachable(StartAt, States, at);
  }

  private language(holder: JsonObject, at: string, outer: string): string {
    const language = holder["QueryLanguage"] ?? outer;
    if (language !== "JSONPath" && language !== "JSONata")
      this.add("Value must be one of the following: [JSONPath, JSONata]", `${at}/QueryLanguage`);
    else if (outer === "JSONata" && language === "JSONPath")
      this.add(
        "QueryLanguage can not be 'JSONPath' if set to 'JSONata' for whole state machine",
        `${at}/QueryLanguage`,
      );
    return String(language);
  }

  private state(state: Json, at: string, outer: string, siblings: JsonObject): void {
    if (!isObject(state)) return this.add("Expected value of type Object", at);
    const { Type } = state;
    if (Type === undefined) return this.add("These fields are required: [Type]", at);
    const known = FIELDS[String(Type)];
    if (!known)
      return this.add(`Value is not valid. Expected one of: [${Object.keys(FIELDS).join(", ")}]`, `${at}/Type`);
    const language = this.language(state, at, outer);
    for (const field of Object.keys(state)) this.field(field, state, at, known, language);
    for (const group of EXCLUSIVE) {
      const given = group.filter((field) => field in state);
      if (given.length > 1) this.add(`You can only specify one of the following fields: [${given.join(", ")}]`, at);
    }
    if (known.includes("Next")) this.flow(state, at, siblings);
    this.required(state, at, siblings, language);
    this.recovery(state, at, siblings, language);
  }

  private field(field: string, state: JsonObject, at: string, known: readonly string[], language: string): void {
    const value = state[field]!;
    const where = `${at}/${field}`;
    if (!known.includes(field) && !COMMON.includes(field)) return this.add("Field is not supported", where);
    if (language === "JSONata" && JSONPATH.has(field))
      return this.add(`Field '${field}' is not supported when QueryLanguage is JSONata`, where);
    if (language === "JSONPath" && JSONATA.includes(field))
      return this.add(`Field '${field}' is not supported when QueryLanguage is JSONPath`, where);
    if (language === "JSONata") {
      if (!["Choices", "Branches", "ItemProcessor", "Iterator", "Catch", "Retry"].includes(field))
        this.jsonata(value, where);
    } else if (["Parameters", "ResultSelector", "ItemSelector", "Assign"].includes(field)) this.template(value, where);
    else if (JSONPATH.has(field)) this.path(field, value, where);
  }

  private path(field: string, value: Json, at: string): void {
    if (value === null && ["InputPath", "OutputPath", "ResultPath"].includes(field)) return;
    if (field === "ResultPath") {
      if (typeof value !== "string" || !isReferencePath(value))
        this.add(
          "Value is not a Reference Path: The value for the field 'ResultPath' must be a valid Reference Path",
          at,
        );
      return;
    }
    const intrinsic =
      (field === "ErrorPath" || field === "CausePath") && typeof value === "string" && !value.startsWith("$");
    if (typeof value !== "string" || !(intrinsic ? isCall(value) : isPath(value)))
      this.add(`Value is not a valid JSONPath`, at);
  }

  private template(value: Json, at: string): void {
    if (Array.isArray(value)) return value.forEach((item, index) => this.template(item, `${at}[${index}]`));
    if (!isObject(value)) return;
    for (const [name, item] of Object.entries(value))
      if (!name.endsWith(".$")) this.template(item, `${at}/${name}`);
      else if (typeof item !== "string" || !(item.startsWith("$") ? isPath(item) : isCall(item)))
        this.add(
          `The value for the field '${name}' must be a valid JSONPath or a valid intrinsic function call`,
          `${at}/${name}`,
        );
  }

  private jsonata(value: Json, at: string): void {
    if (Array.isArray(value)) return value.forEach((item, index) => this.jsonata(item, `${at}[${index}]`));
    if (isObject(value)) {
      for (const [name, item] of Object.entries(value)) this.jsonata(item, `${at}/${name}`);
      return;
    }
    const expression = findExpression(value);
    const error = expression === undefined ? undefined : findSyntaxError(expression);
    if (error !== undefined) this.add(`Invalid JSONata expression: ${error}`, at);
  }

  private flow(state: JsonObject, at: string, siblings: JsonObject): void {
    const { Next, End } = state;
    if (Next === undefined && End === undefined) this.add("One of the following fields is required: [Next, End]", at);
    if (Next !== undefined && End === true)
      this.add("You can only specify one of the following fields: [Next, End]", at);
    this.target(Next, `${at}/Next`, siblings);
  }

  private target(next: Json | undefined, at: string, siblings: JsonObject): void {
    if (next !== undefined && !(String(next) in siblings))
      this.add(`Missing 'Next' target: ${String(next)}`, at, "MISSING_TRANSITION_TARGET");
  }

  private required(state: JsonObject, at: string, siblings: JsonObject, language: string): void {
    const { Type } = state;
    const lacks = (field: string): boolean => {
      if (field in state) return false;
      this.add(`These fields are required: [${field}]`, at);
      return true;
    };
    if (Type === "Task" && !lacks("Resource") && !String(state["Resource"]).startsWith("arn:"))
      this.add("Value is not a valid resource ARN", `${at}/Resource`);
    if (Type === "Wait" && !EXCLUSIVE[0]!.some((field) => field in state))
      this.add(`One of the following fields is required: [${EXCLUSIVE[0]!.join(", ")}]`, at);
    if (Type === "Parallel" && !lacks("Branches")) {
      const branches = state["Branches"];
      if (!Array.isArray(branches)) this.add("Expected value of type Array", `${at}/Branches`);
      else branches.forEach((branch, index) => this.machine(branch, `${at}/Branches[${index}]`, language));
    }
    if (Type === "Map") {
      const field = "ItemProcessor" in state ? "ItemProcessor" : "Iterator";
      if (field in state) this.machine(state[field], `${at}/${field}`, language);
      else lacks("ItemProcessor");
      for (const { message, field: where } of distributedProblems(state, language)) this.add(message, `${at}${where}`);
      for (const name of ["ItemReader", "ItemBatcher", "ResultWriter"])
        if (language === "JSONPath" && name in state) this.template(state[name]!, `${at}/${name}`);
    }
    if (Type === "Choice" && !lacks("Choices")) this.choices(state, at, siblings, language);
  }

  private choices(state: JsonObject, at: string, siblings: JsonObject, language: string): void {
    const { Choices, Default } = state;
    if (!Array.isArray(Choices) || Choices.length === 0) this.add("Expected a non-empty Array", `${at}/Choices`);
    else
      for (const [index, rule] of Choices.entries()) {
        const where = `${at}/Choices[${index}]`;
        if (!isObject(rule)) {
          this.add("Expected value of type Object", where);
          continue;
        }
        if (rule["Next"] === undefined) this.add("These fields are required: [Next]", where);
        this.target(rule["Next"], `${where}/Next`, siblings);
        if (language === "JSONPath") this.rule(rule, where);
        else if (rule["Condition"] === undefined) this.add("These fields are required: [Condition]", where);
        else this.jsonata(rule, where);
      }
    this.target(Default, `${at}/Default`, siblings);
  }

  private rule(rule: Json, at: string): void {
    if (!isObject(rule)) return this.add("Expected value of type Object", at);
    for (const word of ["And", "Or"])
      if (word in rule) {
        const inner = rule[word];
        if (!Array.isArray(inner) || inner.length === 0) return this.add("Expected a non-empty Array", `${at}/${word}`);
        return inner.forEach((item, index) => this.rule(item, `${at}/${word}[${index}]`));
      }
    if ("Not" in rule) return this.rule(rule["Not"]!, `${at}/Not`);
    const operators = Object.keys(rule).filter((name) => CHOICE_OPERATORS.has(name));
    if (operators.length !== 1) this.add("Exactly one comparison operator is required", at);
    if (typeof rule["Variable"] !== "string" || !isPath(rule["Variable"]))
      this.add("Value is not a valid JSONPath", `${at}/Variable`);
    for (const operator of operators)
      if (operator.endsWith("Path") && (typeof rule[operator] !== "string" || !isPath(rule[operator])))
        this.add("Value is not a valid JSONPath", `${at}/${operator}`);
  }

  private recovery(state: JsonObject, at: string, siblings: JsonObject, language: string): void {
    for (const field of ["Retry", "Catch"]) {
      const entries = state[field];
      if (entries === undefined) continue;
      if (!Array.isArray(entries)) {
        this.add("Expected value of type Array", `${at}/${field}`);
        continue;
      }
      for (const [index, entry] of entries.entries()) {
        const where = `${at}/${field}[${index}]`;
        if (!isObject(entry) || !Array.isArray(entry["ErrorEquals"]) || entry["ErrorEquals"].length === 0) {
          this.add("These fields are required: [ErrorEquals]", where);
          continue;
        }
        const names = entry["ErrorEquals"];
        if (names.includes("States.ALL") && (names.length > 1 || index < entries.length - 1))
          this.add("States.ALL must appear alone and in the last entry", `${where}/ErrorEquals`);
        if (field === "Retry") continue;
        if (entry["Next"] === undefined) this.add("These fields are required: [Next]", where);
        this.target(entry["Next"], `${where}/Next`, siblings);
        if (language === "JSONata") this.jsonata(entry, where);
        else if (entry["ResultPath"] !== undefined) this.path("ResultPath", entry["ResultPath"], `${where}/ResultPath`);
      }
    }
  }

  private reachable(startAt: Json | undefined, states: JsonObject, at: string): void {
    if (typeof startAt !== "string" || this.found.length > 0) return;
    const seen = new Set<string>();
    const open = [startAt];
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue;
      seen.add(name);
      const state = states[name] as JsonObject;
      const rules = [state, ...((state["Choices"] ?? []) as JsonObject[]), ...((state["Catch"] ?? []) as JsonObject[])];
      for (const rule of [...rules.map((each) => each["Next"]), state["Default"]])
        if (typeof rule === "string") open.push(rule);
    }
    for (const name of Object.keys(states))
      if (!seen.has(name)) this.add(`State "${name}" is not reachable.`, `${at}/States/${name}`, "UNREACHABLE_STATE");
  }
}

function isPath(text: string): boolean {
  try {
    return text.startsWith("$") && parsePath(text) !== undefined;
  } catch {
    return false;
  }
}

function isCall(text: string): boolean {
  try {
    return parseIntrinsic(text) !== undefined;
  } catch {
    return false;
  }
}
