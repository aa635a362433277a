import type { Order } from "./implicit-api.ts";
import { isObject, type Json } from "./json.ts";
import { PythonDict, Unicode } from "./python-dict.ts";

/**
 * The order in which SAM goes through resources and events: that of the template, or Python 2.7's own where the
 * template has a REST API (or an HTTP API with a default authorizer). The order shows in generated documents, and so
 * in the logical ids of deployments.
 */
export class ResourceOrder implements Order {
  readonly isPython: boolean;
  readonly #ids = new PythonDict();
  #plain: string[];
  readonly #events = new Map<string, PythonDict>();

  constructor(resources: Readonly<Record<string, Json>>, globalHttpApi: Json | undefined) {
    const hasDefault = hasDefaultAuthorizer(globalHttpApi);
    this.isPython = Object.values(resources).some((one) => hasRestApi(one) || hasHttpApiWithDefault(one, hasDefault));
    this.#plain = Object.keys(resources);
    for (const [id, resource] of Object.entries(resources)) {
      this.#ids.set(new Unicode(id), null);
      const properties = resource["Properties"];
      const events = isObject(properties) ? properties["Events"] : undefined;
      if (!this.isPython || !isObject(events)) continue;
      const names = new PythonDict();
      for (const name of Object.keys(events)) names.set(new Unicode(name), null);
      this.#events.set(id, names);
    }
  }

  ids(): string[] {
    return this.isPython ? this.#ids.names() : [...this.#plain];
  }

  eventNames(logicalId: string): string[] | undefined {
    return this.#events.get(logicalId)?.names();
  }

  add(logicalId: string): void {
    this.#ids.set(logicalId, null);
    if (!this.#plain.includes(logicalId)) this.#plain.push(logicalId);
  }

  remove(logicalId: string): void {
    this.#ids.delete(logicalId);
    this.#plain = this.#plain.filter((id) => id !== logicalId);
  }

  /** SAM puts the API events back into the function's events, by which the table may grow. */
  seen(logicalId: string, eventNames: readonly string[]): void {
    this.#events.get(logicalId)?.update(eventNames.map((name) => [new Unicode(name), null]));
  }
}

function hasRestApi(resource: Json): boolean {
  const type = resource["Type"];
  if (type === "AWS::Serverless::Api") return true;
  if (type !== "AWS::Serverless::Function" && type !== "AWS::Serverless::StateMachine") return false;
  return hasEvent(resource["Properties"], "Api");
}

function hasDefaultAuthorizer(properties: unknown): boolean {
  const auth = isObject(properties) ? properties["Auth"] : undefined;
  return isObject(auth) && Boolean(auth["DefaultAuthorizer"]);
}

function hasHttpApiWithDefault(resource: Json, hasDefault: boolean): boolean {
  const properties = resource["Properties"];
  if (resource["Type"] === "AWS::Serverless::HttpApi") return hasDefault || hasDefaultAuthorizer(properties);
  if (!hasDefault || resource["Type"] !== "AWS::Serverless::Function") return false;
  return hasEvent(properties, "HttpApi");
}

function hasEvent(properties: unknown, type: string): boolean {
  const events = isObject(properties) ? properties["Events"] : undefined;
  return isObject(events) && Object.values(events).some((event) => isObject(event) && event["Type"] === type);
}
