import { AwsError, NotEmulatedError } from "./aws/error.ts";
import type { ApiName, Input, OperationName, Output } from "./aws/api-types.ts";
import type { Scope } from "./aws/scope.ts";
import type { Faults, FaultTarget } from "./faults.ts";
import type { HttpRequest, HttpResponse } from "./http.ts";
import type { AccessDecision, Authority } from "./iam/authority.ts";
import { nameOf, type Principal } from "./iam/principal.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Span, SpanContext } from "./kernel/trace.ts";
import type {
  Ask,
  BeforeCall,
  CallContext,
  CallOptions,
  CallSource,
  DataPlane,
  ServiceDefinition,
  Suspending,
} from "./service.ts";
import { visible } from "./visible.ts";
import { accessDenied, validateInput } from "./wire/validation.ts";

export interface GateRequest {
  readonly service: ApiName;
  readonly operation: string;
  readonly input: unknown;
  readonly principal: Principal;
  readonly scope: Scope;
  readonly requestId?: string;
  readonly source?: CallSource;
  readonly parent?: SpanContext | undefined;
}

export interface DataPlaneRequest {
  readonly service: ApiName;
  readonly plane: DataPlane<unknown>;
  readonly match: unknown;
  readonly request: HttpRequest;
  readonly principal: Principal;
  readonly scope: Scope;
  readonly requestId?: string;
  readonly source?: CallSource;
  readonly parent?: SpanContext | undefined;
}

type Handle = (cx: CallContext, input: unknown) => unknown;
type OperationTable = Readonly<Record<string, Handle | Suspending<unknown, unknown, unknown> | undefined>>;
type AuthorizeTable = Readonly<Record<string, (input: unknown, cx: CallContext) => Ask | readonly Ask[]>>;

interface Step {
  readonly cx: CallContext;
  readonly name: string;
}

const NOTHING: CallSource = {};

/**
 * The one door. Every call passes here: from outside, from one service to another, from CloudFormation, from the
 * console. So permission, faults, durability and trace exist once, and none can be forgotten.
 */
export class Gate {
  readonly #services = new Map<string, { definition: ServiceDefinition; state: unknown }>();
  readonly #before = new Map<string, (call: Parameters<BeforeCall>[1]) => Promise<void> | undefined>();
  /** How often something was asked for that is not emulated, by name. */
  readonly refusals = new Map<string, number>();
  /** The base address, once the cloud listens. */
  endpoint = "";

  constructor(
    private readonly kernel: Kernel,
    private readonly authority: Authority,
    private readonly faults: Faults,
  ) {}

  add(definition: ServiceDefinition): void {
    const state = definition.state(this.kernel);
    this.#services.set(definition.api, { definition, state });
    for (const [name, before] of Object.entries(definition.before ?? {}))
      this.#before.set(name, (call) => before(state, call));
  }

  definitions(): ServiceDefinition[] {
    return [...this.#services.values()].map((service) => service.definition);
  }

  /** What calls there are that a fault could hit. */
  faultTargets(): FaultTarget[] {
    return this.definitions().map(({ api, iamPrefix, operations, dataPlanes = [] }) => ({
      service: api,
      iamPrefix,
      operations: [...Object.keys(operations as object), ...dataPlanes.map((plane) => plane.operation)],
    }));
  }

  stateOf(api: ApiName): unknown {
    return this.#services.get(api)?.state;
  }

  /** What a service lets the console see of an ARN; undefined where it has no such view. */
  view(service: string, name: string, arn: string): unknown {
    const found = this.#services.get(service);
    return found?.definition.views?.[name]?.({ state: found.state, kernel: this.kernel }, arn);
  }

  /**
   * Calls an operation: find → validate → authorize → faults → handle → durable → trace → answer.
   * @throws AwsError in AWS's own code and words; NotEmulatedError for what is not here
   */
  async call(request: GateRequest): Promise<unknown> {
    const { service, operation, input } = request;
    const name = `${service}:${operation}`;
    const first = this.#before.get(name)?.({ scope: request.scope, input, isOutside: request.source !== undefined });
    if (first) await first;
    const { cx, definition } = this.#context(request, name, input);
    return this.#traced(cx, async () => {
      const handler = this.#find(definition, service, operation);
      if (!definition!.ownValidation?.includes(operation as never)) validateInput(service, operation, input);
      this.#authorize({ cx, name }, definition!, operation, input);
      await this.faults.apply(name, cx);
      if (typeof handler !== "function") return handler.handle(cx, input);
      return this.kernel.store.transaction(() => (handler as Handle)(cx, input));
    });
  }

  /** The same for a request to an address that is no AWS API. */
  async serve(request: DataPlaneRequest): Promise<HttpResponse> {
    const { plane, match } = request;
    const name = `${request.service}:${plane.operation}`;
    const summary = { method: request.request.method, target: request.request.target, host: request.request.host };
    const { cx, definition } = this.#context({ ...request, operation: plane.operation }, name, summary);
    return (await this.#traced(cx, async () => {
      for (const ask of asArray(plane.authorize(request.request, match, cx)))
        this.#ask(cx, definition!, plane.operation, ask);
      await this.faults.apply(name, cx);
      return plane.handle(cx, request.request, match);
    })) as HttpResponse;
  }

  /** Calls made by a service outside of a request, typed. */
  callAs = <S extends ApiName, O extends OperationName<S>>(
    service: S,
    operation: O,
    input: Input<S, O>,
    options: CallOptions & { as: Principal; scope: Scope },
  ): Promise<Output<S, O>> =>
    this.call({
      service,
      operation,
      input,
      principal: options.as,
      scope: options.scope,
      parent: options.parent,
      ...(options.source ? { source: options.source } : {}),
    }) as Promise<Output<S, O>>;

  #context(request: Omit<GateRequest, "input">, name: string, input: unknown) {
    const { scope, principal, parent, source = NOTHING } = request;
    const service = this.#services.get(request.service);
    const span = this.kernel.trace.start({
      name,
      parent,
      principal: nameOf(principal),
      account: scope.account,
      region: scope.region,
      input: visible(request.service, request.operation, "input", input),
    });
    const cx: CallContext = {
      state: service?.state,
      kernel: this.kernel,
      endpoint: () => this.endpoint,
      scope,
      principal,
      requestId: request.requestId ?? this.kernel.random.uuid(),
      span,
      source,
      call: (target, operation, callInput, options = {}) =>
        this.callAs(target, operation, callInput, {
          ...options,
          as: options.as ?? principal,
          scope: options.scope ?? scope,
          parent: options.parent ?? span,
        }),
      authorize: (ask) => this.#ask(cx, service!.definition, request.operation, ask),
    };
    return { cx, definition: service?.definition };
  }

  #find(
    definition: ServiceDefinition | undefined,
    service: string,
    operation: string,
  ): Handle | Suspending<unknown, unknown, unknown> {
    const operations = definition?.operations as unknown as OperationTable | undefined;
    const handler = operations?.[operation];
    if (handler) return handler;
    throw new NotEmulatedError(`the operation ${service}:${operation}`);
  }

  #authorize({ cx }: Step, definition: ServiceDefinition, operation: string, input: unknown): void {
    const table = definition.authorize as unknown as AuthorizeTable;
    for (const ask of asArray(table[operation]!(input, cx))) this.#ask(cx, definition, operation, ask);
  }

  #ask(cx: CallContext, definition: ServiceDefinition, operation: string, ask: Ask): void {
    const decision = this.authority.decide({
      principal: cx.principal,
      scope: cx.scope,
      action: ask.action ?? `${definition.iamPrefix}:${operation}`,
      resource: ask.resource,
      context: () => this.#globalContext(cx, ask),
      resourcePolicy: ask.resourcePolicy,
      resourceAccount: ask.resourceAccount,
    });
    note(cx.span, decision);
    if (decision.allowed) return;
    throw accessDenied(definition.api, ask.denial === undefined ? decision : { ...decision, message: ask.denial });
  }

  #globalContext(cx: CallContext, ask: Ask): Record<string, string | readonly string[]> {
    return {
      "aws:CurrentTime": new Date(this.kernel.clock.now()).toISOString(),
      "aws:EpochTime": String(this.kernel.clock.seconds()),
      "aws:RequestedRegion": cx.scope.region,
      "aws:SecureTransport": "true",
      ...(cx.source.sourceIp ? { "aws:SourceIp": cx.source.sourceIp } : {}),
      ...(cx.source.userAgent ? { "aws:UserAgent": cx.source.userAgent } : {}),
      ...(typeof ask.context === "function" ? ask.context() : ask.context),
    };
  }

  async #traced(cx: CallContext, work: () => Promise<unknown>): Promise<unknown> {
    const { span } = cx;
    try {
      const output = await work();
      this.kernel.trace.end(span, {
        output: visible(span.name.split(":")[0]!, span.name.split(":")[1]!, "output", output),
      });
      return output;
    } catch (error) {
      if (error instanceof NotEmulatedError) this.refusals.set(error.what, (this.refusals.get(error.what) ?? 0) + 1);
      const known = error instanceof AwsError ? error : internalFailure(error);
      this.kernel.trace.end(span, { error: { code: known.code, message: known.message } });
      throw known;
    }
  }
}

/** A bug of ours, told as AWS tells its own. The cause goes to standard error and into the trace, not to the caller. */
function internalFailure(cause: unknown): AwsError {
  console.error(cause);
  const message = cause instanceof Error ? cause.message : String(cause);
  return new AwsError("InternalFailure", `The request processing has failed because of an unknown error: ${message}`, {
    status: 500,
    cause,
  });
}

function note(span: Span, decision: AccessDecision): void {
  span.resource ??= decision.resource;
  span.decision = span.decision === undefined || decision.allowed === false ? decision : span.decision;
}

function asArray(asks: Ask | readonly Ask[]): readonly Ask[] {
  return Array.isArray(asks) ? asks : [asks as Ask];
}
