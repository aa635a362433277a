import type { Change, OnStackFailure, ResourceStatus, StackStatus } from "@aws-sdk/client-cloudformation";
import type { ParameterValues } from "../../deploy/parameters.ts";
import type { ExistingResource } from "../../deploy/plan.ts";
import type { Properties, ResourceTag } from "../../deploy/resource.ts";
import type { Principal } from "../../iam/principal.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Collection } from "../../kernel/store.ts";
import type { Announcement } from "./announcement.ts";
import type { Engine } from "./engine.ts";

export interface OutputRecord {
  readonly key: string;
  /** As the template gives it, with AWS's addresses. */
  readonly value: string;
  readonly description?: string;
  readonly exportName?: string;
}

/** What a deployment makes of a stack: template and all that is given beside it. */
export interface StackDefinition {
  /** As given. */
  readonly templateText: string;
  /** After the transforms, as JSON text. The same as given where there are none. */
  readonly processedText: string;
  readonly parameters: ParameterValues;
  readonly tags: readonly ResourceTag[];
  readonly capabilities: readonly string[];
  readonly notificationArns: readonly string[];
  readonly roleArn?: string;
  readonly description?: string;
}

/** A deployment under way. Kept until it has ended, so that it goes on after a crash. */
export interface OperationRecord {
  readonly id: string;
  readonly kind: "create" | "update" | "delete" | "continue-rollback";
  phase: "forward" | "cleanup" | "rollback" | "rollback-cleanup" | "delete";
  readonly token: string | undefined;
  /** On whose behalf services are called. */
  readonly principal: Principal;
  readonly startedMs: number;
  readonly timeoutAtMs?: number;
  readonly onFailure: OnStackFailure;
  /** What the stack was before, to go back to. */
  readonly former?: { readonly definition: StackDefinition; readonly outputs: readonly OutputRecord[] };
  /** Tags of the last deployment, for what has to be taken off. */
  readonly formerTags: readonly ResourceTag[];
  /** Logical ids that the caller wants kept (DeleteStack) or skipped (ContinueUpdateRollback). */
  readonly retain: readonly string[];
  readonly forceDelete: boolean;
  /** What the operation made is deleted when it is rolled back, whatever its deletion policy says. */
  readonly retainExceptOnCreate?: boolean;
  /** The user called it off. */
  cancelled: boolean;
  /** The user called it off to have the stack deleted. */
  thenDelete?: boolean;
  /** Why the stack goes back, where it was called off. */
  rollbackReason?: string;
}

export interface StackRecord {
  readonly stackId: string;
  readonly stackName: string;
  readonly account: string;
  readonly region: string;
  readonly createdMs: number;
  readonly parentId?: string;
  readonly rootId?: string;
  status: StackStatus;
  statusReason?: string;
  updatedMs?: number;
  deletedMs?: number;
  disableRollback: boolean;
  timeoutMinutes?: number;
  terminationProtection: boolean;
  policyText?: string;
  changeSetId?: string;
  /** Absent in REVIEW_IN_PROGRESS. */
  definition?: StackDefinition;
  outputs: readonly OutputRecord[];
  operation?: OperationRecord;
  /** The operation that failed and was not rolled back (or could not be): what RollbackStack and ContinueUpdateRollback take up. */
  stalled?: OperationRecord;
}

/** What a step of the running operation did to a resource, to be gone on with or undone. */
export interface StepRecord {
  readonly operationId: string;
  readonly kind: "create" | "update" | "replace" | "undo" | "delete";
  readonly done: boolean;
}

export interface ResourceRecord extends ExistingResource {
  readonly physicalId: string | undefined;
  readonly status: ResourceStatus;
  readonly statusReason?: string;
  readonly updatedMs: number;
  /** What it needed when it was deployed, for the order of deletion. */
  readonly needs: readonly string[];
  /** Names and tokens of the running step are drawn from it. */
  readonly seed: string;
  readonly step?: StepRecord;
  /** As it was before the running operation changed it. */
  readonly former?: ResourceRecord;
  /** The template has it no longer: to be deleted at the end of the update. */
  readonly unwanted?: boolean;
  readonly creationPolicy?: Properties | undefined;
}

/** A physical resource that a replacement or a rollback has left, to be deleted at the end. */
export interface LeftoverRecord {
  readonly logicalId: string;
  readonly type: string;
  readonly physicalId: string;
  readonly properties: Properties;
  readonly needs: readonly string[];
  /** Kept all the same. */
  readonly retained: boolean;
  readonly snapshot: boolean;
}

export interface EventRecord {
  readonly id: string;
  readonly atMs: number;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: ResourceStatus;
  readonly reason?: string;
  readonly propertiesText?: string;
  readonly token?: string;
  readonly operationId?: string;
}

export interface ChangeSetRecord {
  readonly changeSetId: string;
  readonly name: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly type: "CREATE" | "UPDATE";
  readonly description?: string;
  readonly createdMs: number;
  readonly definition: StackDefinition;
  readonly onFailure?: OnStackFailure;
  readonly includeNested: boolean;
  readonly changes: readonly Change[];
  /** What cannot be deployed. */
  readonly problems: readonly { readonly logicalId: string; readonly type: string; readonly problem: string }[];
  status: "CREATE_COMPLETE" | "FAILED";
  statusReason?: string;
  executionStatus:
    | "AVAILABLE"
    | "UNAVAILABLE"
    | "EXECUTE_IN_PROGRESS"
    | "EXECUTE_COMPLETE"
    | "EXECUTE_FAILED"
    | "OBSOLETE";
}

export interface ExportRecord {
  readonly stackId: string;
  readonly stackName: string;
  readonly value: string;
}

/** A call that an unfinished `create` has made, and what came of it. */
export interface JournalRecord {
  readonly service: string;
  readonly operation: string;
  readonly output: unknown;
}

/** A URL that was given out for answers. */
export interface CallbackRecord {
  readonly issuedMs: number;
  readonly expiresMs: number;
  readonly signature: string;
}

/** The answer of a custom resource or a wait condition's signal, kept until its step takes it. */
export interface SignalRecord {
  readonly atMs: number;
  readonly body: string;
}

/** The function behind a macro. */
export interface MacroRecord {
  readonly functionName: string;
}

/** All that CloudFormation keeps. */
export class CloudFormationState {
  /** By stack id. */
  readonly stacks: Collection<StackRecord>;
  /** Account, Region, stack name → id of the stack that bears it now. */
  readonly names: Collection<string>;
  /** Stack id, logical id. */
  readonly resources: Collection<ResourceRecord>;
  /** Stack id, number. */
  readonly events: Collection<EventRecord>;
  /** Stack id, logical id, physical id. */
  readonly leftovers: Collection<LeftoverRecord>;
  /** Change set id. */
  readonly changeSets: Collection<ChangeSetRecord>;
  /** Stack id, change set name → change set id. */
  readonly changeSetNames: Collection<string>;
  /** Account, Region, export name. */
  readonly exports: Collection<ExportRecord>;
  /** Account, Region, export name, importing stack id. */
  readonly imports: Collection<true>;
  /** Stack id, logical id, number of the call. */
  readonly journal: Collection<JournalRecord>;
  /** Stack id, client request token → operation. */
  readonly tokens: Collection<string>;
  /** Key of the URL's object. */
  readonly callbacks: Collection<CallbackRecord>;
  /** Key, number. */
  readonly signals: Collection<SignalRecord>;
  /** Account, Region, macro name. */
  readonly macros: Collection<MacroRecord>;
  /** Runs the operations; set when the service starts. */
  engine: Engine | undefined;
  /** Tells EventBridge; set when the service starts. */
  announce: (announcement: Announcement) => void = () => undefined;

  constructor(readonly kernel: Kernel) {
    const { store } = kernel;
    this.stacks = store.collection("cloudformation.stacks");
    this.names = store.collection("cloudformation.names");
    this.resources = store.collection("cloudformation.resources");
    this.events = store.collection("cloudformation.events");
    this.leftovers = store.collection("cloudformation.leftovers");
    this.changeSets = store.collection("cloudformation.changeSets");
    this.changeSetNames = store.collection("cloudformation.changeSetNames");
    this.exports = store.collection("cloudformation.exports");
    this.imports = store.collection("cloudformation.imports");
    this.journal = store.collection("cloudformation.journal");
    this.tokens = store.collection("cloudformation.tokens");
    this.callbacks = store.collection("cloudformation.callbacks");
    this.signals = store.collection("cloudformation.signals");
    this.macros = store.collection("cloudformation.macros");
  }

  resourcesOf(stackId: string): ResourceRecord[] {
    return [...this.resources.values({ prefix: [stackId] })];
  }

  putResource(stackId: string, record: ResourceRecord): void {
    this.resources.put([stackId, record.logicalId], record);
  }
}
