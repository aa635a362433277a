import { templateError } from "./error.ts";
import { isObject, type Json } from "./json.ts";

const REFERENCE = /\$\{([A-Za-z0-9.]+|AWS::[A-Z][A-Za-z]*)\}/g;

/** Puts parameter values in place of `Ref` and `Fn::Sub` where SAM must know a value before the deployment. */
export class ParameterResolver {
  constructor(readonly values: Json) {}

  /** @throws SamError for a list within a text */
  resolve<T>(value: T): T {
    return this.#visit(value) as T;
  }

  #visit(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#visit(item));
    if (!isObject(value)) return value;
    const name = Object.keys(value).length === 1 ? Object.keys(value)[0]! : "";
    if (name === "Ref" && typeof value["Ref"] === "string")
      return Object.hasOwn(this.values, value["Ref"]) ? this.values[value["Ref"]] : value;
    if (name === "Fn::Sub") return { "Fn::Sub": mapMembers(this.#sub(value["Fn::Sub"]), (one) => this.#visit(one)) };
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, this.#visit(member)]));
  }

  #sub(value: unknown): unknown {
    if (typeof value === "string") return this.#text(value);
    if (Array.isArray(value) && typeof value[0] === "string") return [this.#text(value[0]), ...value.slice(1)];
    return value;
  }

  #text(text: string): string {
    return text.replaceAll(REFERENCE, (whole, name: string) => {
      if (!Object.hasOwn(this.values, name)) return whole;
      const value = this.values[name];
      if (typeof value !== "string")
        throw templateError(
          `Invalid Fn::Sub variable value ${String(value)}. Fn::Sub expects all variables to be strings.`,
        );
      return value;
    });
  }
}

function mapMembers(value: unknown, change: (one: unknown) => unknown): unknown {
  return Array.isArray(value) ? value.map(change) : value;
}
