/**
 * The contract between the CloudFormation engine and a service: what a service's `resources.ts` implements for each of
 * its resource types. The engine (`cloud/src/deploy`) does everything that is the same for all types:
 *
 * - intrinsics are resolved, values are coerced to the types of the published specification (`"30"` → `30`,
 *   `"true"` → `true`), required, unknown and not honoured properties are refused before `create` is called;
 * - whether a change replaces the resource is read from the published specification (createOnly / immutable);
 * - `NoEcho`, deletion policies, rollback, retained resources, events and statuses are the engine's own;
 * - a `delete` that answers "does not exist" counts as done.
 *
 * A type only calls its service's own operations (`cx.call`), so each rule of the service exists once.
 *
 * ```ts
 * export const queue = defineResource<{ QueueName?: string; VisibilityTimeout?: number; Tags?: Tag[] }>({
 *   type: "AWS::SQS::Queue",
 *   honours: { QueueName: true, VisibilityTimeout: true, Tags: true },
 *   async create(cx, props) {
 *     const made = await cx.call("sqs", "CreateQueue", { QueueName: props.QueueName ?? cx.physicalName(80), … });
 *     return { physicalId: made.QueueUrl };
 *   },
 *   async update(cx, { physicalId, props }) { await cx.call("sqs", "SetQueueAttributes", { … }); },
 *   async delete(cx, { physicalId }) { await cx.call("sqs", "DeleteQueue", { QueueUrl: physicalId }); },
 *   async attributes(cx, physicalId) { return { Arn: …, QueueName: …, QueueUrl: physicalId }; },
 * });
 * ```
 */
import type { Scope } from "../aws/scope.ts";
import type { Call } from "../service.ts";

/** The properties of a resource after the engine has resolved and coerced them. */
export type Properties = Record<string, unknown>;

/** A tag as most CloudFormation types take it. */
export interface ResourceTag {
  Key: string;
  Value: string;
}

/** A property that is accepted with a warning, because ignoring it cannot change behaviour here. Say why in one line. */
export interface Harmless {
  readonly harmless: string;
}

/**
 * The properties that a type honours, by name.
 *
 * - `true`: the property and all below it;
 * - a nested tree: only these members (of the object, of each list item, of each map value, as the specification says);
 * - `{ harmless: "reason" }`: accepted with a warning.
 *
 * A property that the specification knows and that is not listed fails the deployment before anything is created:
 * ``Katachi does not emulate property X of AWS::Y::Z``.
 */
export interface Honours {
  readonly [property: string]: true | Harmless | Honours;
}

export interface NameOptions {
  /** For names that AWS wants in lower case (buckets, DB instances). @default false */
  lowercase?: boolean;
  /** Appended after the random part, e.g. `.fifo`; counts towards the maximum length. @default none */
  suffix?: string;
}

export interface WaitOptions {
  /** How long to wait before the resource fails with "… did not stabilize.", on the kernel's clock. @default 3600 */
  timeoutSeconds?: number;
  /** Between two looks, on the kernel's clock. @default 1 */
  intervalSeconds?: number;
}

/** What a lifecycle method is given besides the properties. One per step: it lives as long as the step runs. */
export interface ResourceContext {
  /** Calls an operation of any service through the gate, as the deploying principal (or the stack's role). */
  readonly call: Call;
  readonly scope: Scope;
  readonly stackName: string;
  /** The stack's ARN. */
  readonly stackId: string;
  readonly logicalId: string;
  /** e.g. `AWS::SQS::Queue` or `Custom::Thing`. */
  readonly resourceType: string;
  /**
   * Client request token of this step, 36 characters. The same one when a step that `kill -9` cut short is run again,
   * so pass it wherever an operation takes a `ClientToken` / `ClientRequestToken`.
   */
  readonly token: string;
  /**
   * True where an earlier run of this very step was cut short by a crash. The calls that it had made in a `create` are not
   * made again: `call` answers what they answered.
   */
  readonly resumed: boolean;
  /**
   * A name as CloudFormation generates it: `STACK-LogicalId-RANDOM12`, stack name and logical id shortened evenly to fit.
   * Stable within a step, also when the step is run again after a crash. Differs for a replacement.
   *
   * @param maxLength the longest name that the service takes, in characters. @default 255
   */
  physicalName(maxLength?: number, options?: NameOptions): string;
  /** The stack's tags and `aws:cloudformation:stack-name`, `…:stack-id`, `…:logical-id`: what AWS propagates. */
  readonly tags: readonly ResourceTag[];
  /**
   * `tags` overlaid by the resource's own, as CloudFormation hands them to the service. Takes the list form
   * (`[{ Key, Value }]`) or the map form (`{ key: value }`).
   */
  mergedTags(own?: readonly ResourceTag[] | Readonly<Record<string, string>>): ResourceTag[];
  /** `mergedTags` as a map, for the services that take tags so. */
  mergedTagMap(own?: readonly ResourceTag[] | Readonly<Record<string, string>>): Record<string, string>;
  /**
   * In an update: the keys of the tags that the resource has from its last deployment (its own and the stack's) and is to
   * have no longer. `previousOwn` and `own` are the resource's own tags before and after.
   */
  removedTagKeys(
    previousOwn: readonly ResourceTag[] | Readonly<Record<string, string>> | undefined,
    own: readonly ResourceTag[] | Readonly<Record<string, string>> | undefined,
  ): string[];
  /**
   * Says in `create` that the resource exists under this id now, before all of it is done: what then fails is deleted
   * when the stack rolls back. Not needed where `create` is one call.
   */
  initiated(physicalId: string): void;
  /**
   * Waits until `check` answers something other than undefined, and returns that (stabilization).
   * `what` names what is awaited, for the failure's reason. Most services here are ready at once: call it only where
   * the service has a state in between.
   */
  waitUntil<T>(what: string, check: () => Promise<T | undefined>, options?: WaitOptions): Promise<T>;
}

/** What `create` answers. */
export interface Created {
  /** What `Ref` gives (unless `ref` says otherwise) and the other methods receive. */
  physicalId: string;
  /** For `Fn::GetAtt`; those of `attributes()` are added to them. Nested ones as nested objects or as `"Endpoint.Address"`. */
  attributes?: Record<string, unknown>;
}

/** What `update` may answer: only where the physical id changed (then the old one is deleted), or attributes changed. */
export type Updated = Partial<Created> | void;

export interface ResourceDefinition<P extends object = Properties> {
  /** e.g. `AWS::SQS::Queue`. `Custom::*` types are the engine's own. */
  readonly type: string;
  readonly honours: Honours;

  create(cx: ResourceContext, props: P): Promise<Created>;

  /**
   * Changes the resource in place. Called only when no changed property needs a replacement.
   * Also called to roll back: then `props` are the former ones. Left out: every change replaces the resource.
   */
  update?(cx: ResourceContext, resource: { physicalId: string; props: P; previous: P }): Promise<Updated>;

  /** Deletes the resource. A "does not exist" error of the service counts as done. */
  delete(cx: ResourceContext, resource: { physicalId: string; props: P }): Promise<void>;

  /** Takes a snapshot before the resource is deleted, where its policy says so. Left out: the policy `Snapshot` is refused. */
  snapshot?(cx: ResourceContext, resource: { physicalId: string; props: P }): Promise<void>;

  /** Every attribute that `Fn::GetAtt` knows of this type; read after create and update. Left out: those of `create`. */
  attributes?(cx: ResourceContext, physicalId: string, props: P): Promise<Record<string, unknown>>;

  /** What `Ref` gives, where it differs from the physical id. @default the physical id */
  ref?(physicalId: string, props: P, attributes: Readonly<Record<string, unknown>>): string;

  /** Properties (dotted, e.g. `"KeySchema"`, `"VpcConfig.SubnetIds"`) that replace, besides those of the specification. */
  readonly replaceOn?: readonly string[];
  /** Properties that the specification calls immutable and that this type can change in place all the same. */
  readonly keepOn?: readonly string[];
  /** Replacement that depends on the values: names the properties that force one. Added to `replaceOn`. */
  replaces?(previous: P, props: P): readonly string[];

  /**
   * Values that cannot run here, each as one sentence (`Katachi does not emulate Runtime java21 of
   * AWS::Lambda::Function: …`). Called before anything is created, so values that other resources give are absent.
   */
  check?(props: Partial<P>, scope: Scope): readonly string[];

  /** Members of `honours` that this type's published specification does not know, each with its documentation page. */
  readonly beyondSpecification?: readonly string[];
}

/** A resource type as the engine holds it: properties are untyped there. */
export type ResourceType = ResourceDefinition<Properties>;

/**
 * Declares a resource type. `P` types the properties for the type's own methods; the engine has validated and coerced
 * them against the published specification before.
 */
export function defineResource<P extends object = Properties>(definition: ResourceDefinition<P>): ResourceType {
  return definition as unknown as ResourceType;
}

/** Tells the accepted-with-a-warning marker from a nested tree. */
export function isHarmless(honoured: true | Harmless | Honours): honoured is Harmless {
  return honoured !== true && typeof honoured["harmless"] === "string";
}
