import type { Context } from "./context.ts";
import { EventError, resourceError, SamDocumentError, SamError } from "./error.ts";
import { expectInEvent } from "./expect.ts";
import { conditional, isObject, isTruthy, type Json } from "./json.ts";
import { emptyOpenApi, isOpenApi, OpenApiEditor } from "./open-api.ts";
import { PythonDict, pythonOrder, Unicode } from "./python-dict.ts";
import { emptySwagger, isSwagger, SwaggerEditor } from "./swagger.ts";

/** The two kinds of APIs that functions' events make where the template has none. */
interface Kind {
  readonly eventType: "Api" | "HttpApi";
  readonly type: string;
  readonly implicitId: string;
  readonly reference: "RestApiId" | "ApiId";
}

const REST: Kind = {
  eventType: "Api",
  type: "AWS::Serverless::Api",
  implicitId: "ServerlessRestApi",
  reference: "RestApiId",
};
const HTTP: Kind = {
  eventType: "HttpApi",
  type: "AWS::Serverless::HttpApi",
  implicitId: "ServerlessHttpApi",
  reference: "ApiId",
};

/** What SAM needs to go through the resources in its own order. */
export interface Order {
  /** Logical ids in SAM's order. */
  ids(): string[];
  add(logicalId: string): void;
  remove(logicalId: string): void;
  /** A function's event names, once its API events have been seen. */
  seen(logicalId: string, eventNames: readonly string[]): void;
}

/** Gives every API without a document an empty one, which events fill. */
export function addDefaultDocuments(context: Context, order: Order): void {
  for (const id of order.ids()) {
    const resource = context.resources.get(id)!;
    if (resource["Type"] !== REST.type && resource["Type"] !== HTTP.type) continue;
    const properties = (resource["Properties"] ??= {}) as Json;
    if (context.apiBodies.has(id) || isTruthy(properties["DefinitionBody"]) || properties["DefinitionUri"]) continue;
    if (resource["Type"] === REST.type) context.apiBodies.set(id, emptySwagger());
    else properties["DefinitionBody"] = emptyOpenApi();
    properties["__MANAGE_SWAGGER"] = true;
  }
}

/** Adds the implicit APIs, and to every managed document the paths that events ask for. */
export function addImplicitApis(context: Context, order: Order, globals: Readonly<Record<string, Json>>): void {
  for (const kind of [REST, HTTP]) new ImplicitApi(context, order, globals, kind).add();
}

type PathConditions = Map<string, Map<string, string | undefined>>;

class ImplicitApi {
  readonly #conditions = new Map<string, PathConditions>();
  readonly #policies = { DeletionPolicy: [] as unknown[], UpdateReplacePolicy: [] as unknown[] };

  constructor(
    readonly context: Context,
    readonly order: Order,
    readonly globals: Readonly<Record<string, Json>>,
    readonly kind: Kind,
  ) {}

  add(): void {
    const { context, kind, order } = this;
    const existing = context.resources.get(kind.implicitId);
    const existingBody = context.apiBodies.get(kind.implicitId);
    context.resources.set(kind.implicitId, this.#emptyApi());
    order.add(kind.implicitId);
    const errors: string[] = [];
    for (const id of order.ids()) {
      try {
        this.#visit(id);
      } catch (error) {
        if (error instanceof EventError) errors.push(resourceError(id, error.message).message);
        else if (error instanceof SamError) errors.push(error.message);
        else throw error;
      }
    }
    this.#addCondition();
    this.#addPolicies();
    this.#addPathConditions();
    if (this.#pathNames(kind.implicitId).length === 0) this.#remove(existing, existingBody);
    if (errors.length > 0) throw new SamDocumentError(errors);
  }

  #emptyApi(): Json {
    const { kind, context } = this;
    if (kind === HTTP)
      return { Type: kind.type, Properties: { DefinitionBody: emptyOpenApi(), __MANAGE_SWAGGER: true } };
    context.apiBodies.set(kind.implicitId, emptySwagger());
    return { Type: kind.type, Properties: { StageName: "Prod", __MANAGE_SWAGGER: true } };
  }

  #remove(existing: Json | undefined, body: PythonDict | undefined): void {
    const { context, kind, order } = this;
    context.apiBodies.delete(kind.implicitId);
    if (existing) {
      context.resources.set(kind.implicitId, existing);
      if (body) context.apiBodies.set(kind.implicitId, body);
      return;
    }
    context.resources.delete(kind.implicitId);
    order.remove(kind.implicitId);
  }

  #visit(id: string): void {
    const resource = this.context.resources.get(id)!;
    const type = resource["Type"];
    if (type !== "AWS::Serverless::Function" && type !== "AWS::Serverless::StateMachine") return;
    const properties = resource["Properties"];
    const events = isObject(properties) ? properties["Events"] : undefined;
    if (!isObject(events)) return;
    const names = (this.context.eventNames(id) ?? Object.keys(events)).filter(
      (name) => isObject(events[name]) && events[name]["Type"] === this.kind.eventType,
    );
    if (names.length === 0) return;
    // SAM puts the API events into a dictionary of their own before it goes through them.
    const ordered = this.context.isUnicode ? pythonOrder(names) : names;
    for (const name of ordered) this.#addEvent(resource, name, events[name] as Json);
    this.order.seen(id, ordered);
  }

  #addEvent(resource: Json, eventId: string, event: Json): void {
    const { kind } = this;
    if (kind === REST && !isTruthy(event["Properties"])) return;
    const properties = (event["Properties"] ??= {}) as Json;
    if (!isObject(properties)) throw new EventError(eventId, "Properties should be a map.");
    this.#passTags(properties, resource);
    properties[kind.reference] ??= { Ref: kind.implicitId };
    if (kind === HTTP && !properties["Path"] && !properties["Method"])
      Object.assign(properties, { Path: "$default", Method: "x-amazon-apigateway-any-method" });
    const { apiId, path, method } = this.#check(eventId, properties);
    this.#note(apiId, path, method, resource);
    this.#addPath(eventId, apiId, path, method);
    if (kind === HTTP && "RouteSettings" in properties) this.#addRouteSettings(eventId, apiId, properties, resource);
  }

  #passTags(event: Json, resource: Json): void {
    const implicit = this.context.resources.get(this.kind.implicitId);
    if (this.kind.reference in event || !implicit) return;
    const own = (resource["Properties"] ?? {}) as Json;
    const general = this.globals[resource["Type"] as string] ?? {};
    const tags = isTruthy(own["Tags"]) ? own["Tags"] : general["Tags"];
    if (!isTruthy(tags) || !(own["PropagateTags"] || general["PropagateTags"])) return;
    const properties = implicit["Properties"] as Json;
    properties["Tags"] = { ...(properties["Tags"] as Json | undefined), ...(tags as Json) };
    properties["PropagateTags"] = true;
  }

  #check(eventId: string, properties: Json): { apiId: string; path: string; method: string } {
    const given = properties[this.kind.reference];
    const apiId = isObject(given) && "Ref" in given ? given["Ref"] : given;
    for (const name of ["Path", "Method"])
      if (properties[name] === undefined) throw new EventError(eventId, `Property '${name}' is required.`);
    return {
      apiId: expectInEvent(apiId, eventId, this.kind.reference, "string") as string,
      path: expectInEvent(properties["Path"], eventId, "Path", "string") as string,
      method: expectInEvent(properties["Method"], eventId, "Method", "string") as string,
    };
  }

  #note(apiId: string, path: string, method: string, resource: Json): void {
    const paths = this.#conditions.get(apiId) ?? new Map<string, Map<string, string | undefined>>();
    this.#conditions.set(apiId, paths);
    const methods = paths.get(path) ?? new Map<string, string | undefined>();
    paths.set(path, methods.set(method, resource["Condition"] as string | undefined));
    if (apiId !== this.kind.implicitId) return;
    for (const name of ["DeletionPolicy", "UpdateReplacePolicy"] as const) this.#policies[name].push(resource[name]);
  }

  #addPath(eventId: string, apiId: string, path: string, method: string): void {
    const { context, kind } = this;
    const api = context.resources.get(apiId);
    if (!api || (kind === REST && api["Type"] === HTTP.type))
      throw new EventError(
        eventId,
        `${kind.reference} must be a valid reference to an '${kind.type}' resource in same template.`,
      );
    const properties = (api["Properties"] ?? {}) as Json;
    if (!properties["__MANAGE_SWAGGER"]) return;
    if (kind === HTTP) {
      if (isOpenApi(properties["DefinitionBody"]))
        new OpenApiEditor(properties["DefinitionBody"]).addPath(path, method);
      return;
    }
    const body = context.apiBodies.get(apiId);
    if (!isSwagger(body)) return;
    const editor = new SwaggerEditor(body);
    editor.addPath(new Unicode(path), new Unicode(method));
    context.apiBodies.set(apiId, editor.done());
  }

  #addRouteSettings(eventId: string, apiId: string, event: Json, resource: Json): void {
    const properties = this.context.resources.get(apiId)!["Properties"] as Json;
    const [path, method] = [event["Path"] as string, event["Method"] as string];
    const route = method === "x-amazon-apigateway-any-method" ? path : `${method.toUpperCase()} ${path}`;
    const given = expectInEvent(event["RouteSettings"], eventId, "RouteSettings", "map") as Json;
    const condition = resource["Condition"];
    const all = { ...(properties["RouteSettings"] as Record<string, Json> | undefined) };
    all[route] = { ...all[route], ...(condition === undefined ? given : conditional(condition, given)) };
    properties["RouteSettings"] = all;
  }

  /** The implicit API stands under a condition where all its methods do. */
  #addCondition(): void {
    const { implicitId } = this.kind;
    const conditions = this.#allConditions([...(this.#conditions.get(implicitId)?.values() ?? [])]);
    if (!conditions) return;
    const api = this.context.resources.get(implicitId)!;
    api["Condition"] = conditions.length === 1 ? conditions[0] : this.#combine(`${implicitId}Condition`, conditions);
  }

  /** The conditions of the methods; undefined unless each has one. */
  #allConditions(methods: readonly ReadonlyMap<string, string | undefined>[]): string[] | undefined {
    const all = methods.flatMap((each) => [...each.values()]);
    if (all.length === 0 || all.includes(undefined)) return undefined;
    return [...new Set(all as string[])];
  }

  /** One condition out of many. AWS: `Fn::Or` takes ten at most, so that more of them are made. */
  #combine(name: string, given: readonly string[]): string {
    let rest = [...given].sort();
    let number = Math.floor((rest.length - 2) / (OR_MAX - 1));
    while (rest.length > 1) {
      const id = number > 0 ? `${name}${number}` : name;
      number -= 1;
      this.context.conditions[id] = { "Fn::Or": rest.slice(0, OR_MAX).map((Condition) => ({ Condition })) };
      rest = [...rest.slice(OR_MAX), id];
    }
    return name;
  }

  #addPolicies(): void {
    const api = this.context.resources.get(this.kind.implicitId)!;
    for (const [name, given] of Object.entries(this.#policies)) {
      const strongest = ["Retain", ...(name === "UpdateReplacePolicy" ? ["Snapshot"] : []), "Delete"].find((one) =>
        given.includes(one),
      );
      if (strongest) api[name] = strongest;
    }
  }

  #addPathConditions(): void {
    for (const id of this.order.ids()) {
      const resource = this.context.resources.get(id)!;
      const properties = resource["Properties"] as Json | undefined;
      if (resource["Type"] !== this.kind.type || !properties?.["__MANAGE_SWAGGER"]) continue;
      const body = this.context.apiBodies.get(id);
      const editor = this.kind === REST && body ? new SwaggerEditor(body) : undefined;
      for (const path of this.#pathNames(id)) {
        const methods = this.#conditions.get(id)?.get(path);
        const conditions = methods && this.#allConditions([methods]);
        if (!conditions) continue;
        const name = path.replaceAll("/", "SLASH").replaceAll("{", "OB").replaceAll("}", "CB");
        const isOne = conditions.length === 1;
        const condition = isOne ? conditions[0]! : this.#combine(`${id}${name}PathCondition`, conditions);
        if (editor) editor.makeConditional(path, isOne ? new Unicode(condition) : condition);
        else {
          const paths = (properties["DefinitionBody"] as Json)["paths"] as Json;
          paths[path] = conditional(condition, paths[path]);
        }
      }
      if (editor) this.context.apiBodies.set(id, editor.done());
    }
  }

  #pathNames(id: string): string[] {
    if (this.kind === REST) {
      const paths = this.context.apiBodies.get(id)?.get("paths");
      return paths instanceof PythonDict ? paths.names() : [];
    }
    const properties = this.context.resources.get(id)?.["Properties"] as Json | undefined;
    return Object.keys(((properties?.["DefinitionBody"] as Json | undefined)?.["paths"] as Json | undefined) ?? {});
  }
}

const OR_MAX = 10;
