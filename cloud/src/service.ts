import type { ApiName, Input, OperationName, Output } from "./aws/api-types.ts";
import type { Scope } from "./aws/scope.ts";
import type { ResourceType } from "./deploy/resource.ts";
import type { HttpHead, HttpRequest, HttpResponse } from "./http.ts";
import type { Principal } from "./iam/principal.ts";
import type { Kernel } from "./kernel/kernel.ts";
import type { Span, SpanContext } from "./kernel/trace.ts";

/** How a call is made for somebody else: as a function's role, as an AWS service for a resource. */
export interface CallOptions {
  /** Default: the caller of the running operation. */
  as?: Principal;
  /** Default: the scope of the running operation. */
  scope?: Scope;
  /** The HTTP request, where the call is one from outside in another form. Default: none. */
  source?: CallSource;
  parent?: SpanContext;
}

/** Calls an operation of any service, through the gate. */
export type Call = <S extends ApiName, O extends OperationName<S>>(
  service: S,
  operation: O,
  input: Input<S, O>,
  options?: CallOptions,
) => Promise<Output<S, O>>;

/** What a service has outside of a request: when it starts, in deliveries, timers and pollers. */
export interface ServiceContext<State = unknown> {
  readonly state: State;
  readonly kernel: Kernel;
  /** The base address of this cloud, `http://127.0.0.1:4566`. Empty until it listens. */
  readonly endpoint: () => string;
  /** As `Call`, with the principal and scope said each time. */
  readonly call: <S extends ApiName, O extends OperationName<S>>(
    service: S,
    operation: O,
    input: Input<S, O>,
    options: CallOptions & { as: Principal; scope: Scope },
  ) => Promise<Output<S, O>>;
  /** The CloudFormation types of all services. */
  readonly resourceTypes: () => readonly ResourceType[];
}

/** What an operation is given beside its input. */
export interface CallContext<State = unknown> {
  readonly state: State;
  readonly kernel: Kernel;
  readonly endpoint: () => string;
  readonly scope: Scope;
  readonly principal: Principal;
  readonly requestId: string;
  readonly span: Span;
  /** What the HTTP request said, where the call came from outside. */
  readonly source: CallSource;
  readonly call: Call;
  /** Asks IAM for a further permission of the caller, e.g. `iam:PassRole`. @throws AwsError AccessDenied */
  authorize(ask: Ask): void;
}

export interface CallSource {
  readonly sourceIp?: string;
  readonly userAgent?: string;
  /** Lower-case request headers. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  /** Aborted when the client went away. */
  readonly signal?: AbortSignal;
}

export type AskContext = Readonly<Record<string, string | readonly string[]>>;

/** A permission that a call needs. */
export interface Ask {
  /** Default: the API's IAM prefix and the operation, e.g. `sqs:SendMessage`. */
  readonly action?: string;
  /** ARN; `*` where the action knows no resource. */
  readonly resource: string;
  /** Condition keys of the service; a function where they take work: it is called only where a policy has conditions. */
  readonly context?: AskContext | (() => AskContext);
  /** The policy of the resource as JSON text, where the resource has one. */
  readonly resourcePolicy?: string | undefined;
  /** The account that owns the resource, where its ARN does not say (S3). Default: the scope's. */
  readonly resourceAccount?: string | undefined;
  /** What the caller is told of a denial, where the service does not explain it (S3 to strangers). Default: why. */
  readonly denial?: string | undefined;
}

type Handle<State, I, O> = (cx: CallContext<State>, input: I) => O;

/** An operation that waits for something (a function, another service, time) and so runs in no transaction of the gate's. */
export interface Suspending<State, I, O> {
  readonly suspends: true;
  readonly handle: (cx: CallContext<State>, input: I) => Promise<O>;
}

/**
 * Marks an operation that suspends. All others run from start to end inside one transaction of the store.
 * A suspending one writes in `cx.kernel.store.transaction(...)`, with no await between reading and writing.
 */
export function suspends<State, I, O>(
  handle: (cx: CallContext<State>, input: I) => Promise<O>,
): Suspending<State, I, O> {
  return { suspends: true, handle };
}

type NotAPromise<O> = O extends Promise<unknown> ? never : O;

/** How one operation is handled. */
export type Handler<S extends ApiName, State, O extends OperationName<S>> =
  | Handle<State, Input<S, O>, NotAPromise<Output<S, O>>>
  | Suspending<State, Input<S, O>, Output<S, O>>;

/** The operations that a service handles; a model operation missing here is refused by name. */
export type Operations<S extends ApiName, State> = {
  readonly [O in OperationName<S>]?: Handler<S, State, O>;
};

/** For each handled operation, the permissions that it needs. */
export type Authorizations<S extends ApiName, State, Handled extends OperationName<S>> = {
  readonly [O in Handled]: (input: Input<S, O>, cx: CallContext<State>) => Ask | readonly Ask[];
};

/**
 * HTTP addresses that are no AWS API: invoke URLs of an HTTP API, function URLs, websites. Such a request passes the
 * gate too, as the operation named here.
 */
export interface DataPlane<State, M = unknown> {
  /** As it is named in traces and faults, e.g. `ExecuteApi`. */
  readonly operation: string;
  /** Whether the request is meant for this; asked for every request, so it looks at host or path only. */
  match(head: HttpHead, state: State): M | undefined;
  authorize(request: HttpRequest, match: M, cx: CallContext<State>): Ask | readonly Ask[];
  handle(cx: CallContext<State>, request: HttpRequest, match: M): Promise<HttpResponse>;
  /** Request bodies above this many bytes are answered 413 (default 10 MiB). */
  readonly bodyBytesMax?: number;
  /** The body is not read but handed over as `request.upload`. */
  readonly streams?: true;
}

/** Answers undefined where nothing has to be done. `isOutside`: the call came over the wire, not from another service. */
export type BeforeCall<State = unknown> = (
  state: State,
  call: { readonly scope: Scope; readonly input: unknown; readonly isOutside: boolean },
) => Promise<void> | undefined;

/** Something to look at that belongs to an ARN; changes nothing. */
export type View<State = unknown> = (cx: { readonly state: State; readonly kernel: Kernel }, arn: string) => unknown;

export interface ServiceDefinition<S extends ApiName = ApiName, State = unknown> {
  readonly api: S;
  /** Prefix of its actions in policies, e.g. `dynamodb`. */
  readonly iamPrefix: string;
  /** Opens what the service keeps. */
  readonly state: (kernel: Kernel) => State;
  readonly operations: Operations<S, State>;
  readonly authorize: Authorizations<S, State, OperationName<S>>;
  /** Operations that check their input themselves, in an order of their own; the rest is checked against the model. */
  readonly ownValidation?: readonly OperationName<S>[];
  readonly dataPlanes?: readonly DataPlane<State>[];
  /**
   * CORS headers of its API's answers to pages, where the user configures them (S3's buckets); pages from elsewhere may
   * call only where there are some. Undefined: pages of this machine may call.
   */
  readonly crossOrigin?: (head: HttpHead, state: State) => Readonly<Record<string, string>> | undefined;
  /** What the console may see beyond what the operations tell, by name. */
  readonly views?: Readonly<Record<string, View<State>>>;
  /** Its CloudFormation types. */
  readonly resources?: readonly ResourceType[];
  /** What has to be there before an operation of any service, named `sqs:SendMessage`: for what is made when first looked for. */
  readonly before?: Readonly<Record<string, BeforeCall<State>>>;
  /** Runs once, when every service is there and before the first request: delivery policies, timers, pollers. */
  readonly start?: (cx: ServiceContext<State>) => void | Promise<void>;
  readonly stop?: (cx: ServiceContext<State>) => void | Promise<void>;
}

/**
 * Declares a service. An operation that stands in `operations` and not in `authorize` is a type error, so that no
 * permission is forgotten.
 */
export function defineService<S extends ApiName, State, Handled extends OperationName<S>>(
  definition: Omit<ServiceDefinition<S, State>, "operations" | "authorize"> & {
    readonly operations: { readonly [O in Handled]: Handler<S, State, O> };
    readonly authorize: Authorizations<S, State, NoInfer<Handled>>;
  },
): ServiceDefinition {
  return definition as unknown as ServiceDefinition;
}
