import type { CreatePipeRequest, PipeState } from "@aws-sdk/client-pipes";
import type { Scope } from "../../aws/scope.ts";
import type { AcceptOptions } from "../../kernel/delivery.ts";
import type { Kernel } from "../../kernel/kernel.ts";
import type { Checkpoint } from "../../kernel/log-poller.ts";
import type { Collection } from "../../kernel/store.ts";
import type { Roles } from "../../outbound/roles.ts";
import type { CallContext, ServiceContext } from "../../service.ts";
import type { Pollers } from "../../sources/pollers.ts";
import type { DeadLetter } from "./dead-letter.ts";
import type { ExecutionLog } from "./execution-log.ts";
import type { Transition } from "./transition.ts";

export type Cx = CallContext<PipesState>;
export type Context = ServiceContext<PipesState>;

/** What a caller says of a pipe, its defaults filled in. */
export type PipeSettings = Pick<
  CreatePipeRequest,
  "Description" | "SourceParameters" | "Enrichment" | "EnrichmentParameters" | "TargetParameters" | "LogConfiguration"
> & { readonly Source: string; readonly Target: string; readonly RoleArn: string };

export interface PipeRecord extends Scope {
  readonly name: string;
  /** Of this pipe as long as it lives: another one of its name has another. */
  readonly id: string;
  readonly desired: "RUNNING" | "STOPPED" | "DELETED";
  readonly state: PipeState;
  readonly reason: string;
  readonly settings: PipeSettings;
  readonly tags: Record<string, string>;
  readonly createdMs: number;
  readonly modifiedMs: number;
}

export class PipesState {
  /** account, Region, name */
  readonly pipes: Collection<PipeRecord>;
  /** id of the pipe, shard, lane */
  readonly checkpoints: Collection<Checkpoint>;
  /** Set when the service starts. */
  pollers!: Pollers;
  roles!: Roles;
  log!: ExecutionLog;
  change!: (transition: Transition, options?: AcceptOptions) => unknown;
  bury!: (letter: DeadLetter, options?: AcceptOptions) => unknown;

  constructor({ store }: Kernel) {
    this.pipes = store.collection("pipes.pipes");
    this.checkpoints = store.collection("pipes.checkpoints");
  }
}
