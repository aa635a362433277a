import { Aws, Duration, Stack, Validations } from "aws-cdk-lib";
import { type Alarm, ComparisonOperator, TreatMissingData } from "aws-cdk-lib/aws-cloudwatch";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs";
import { Construct, type IConstruct } from "constructs";
import type { Ability, Glue, GlueOptions, Refusal, SinkKind, SinkOf, SourceKind, SourceOf } from "./glue.ts";
import { JOINS, type Joins } from "./joins.ts";
import type { Patterns } from "./pattern.ts";
import type { AnySink } from "./sinks.ts";
import type { AnySource } from "./sources.ts";
import type { Template } from "./template.ts";

/** The sinks that a kind of source can be joined to. */
export type JoinableSink<From extends SourceKind> = {
  [To in SinkKind]: Joins[From][To] extends Refusal ? never : SinkOf<To>;
}[SinkKind];

type AbilityOf<From extends SourceKind, To extends SinkKind> = Joins[From][To] extends {
  readonly can: readonly (infer Can)[];
}
  ? Can
  : never;

/** What may be said of a join: what its glue can do. */
export type JoinOptions<From extends SourceKind, To extends SinkKind> = {
  /** Which of what happens goes over. @default - all of it */
  readonly filter?: "filter" extends AbilityOf<From, To> ? Patterns[From] : never;
  /**
   * What the sink gets.
   * @default - what AWS hands on; of queues and topics the body; tables and buckets get the body of anything
   */
  readonly transform?: "transform" extends AbilityOf<From, To> ? Template : never;
};

type Table = {
  readonly [From in SourceKind]: { readonly [To in SinkKind]: Glue<From, To, Ability> | Refusal };
};
/** Complete, and each glue fits its pair: else this line does not compile. */
const TABLE: Table = JOINS;

/** What stands in the table for a pair. */
export function glueFor(from: SourceKind, to: SinkKind): Glue<never, never, Ability> | Refusal {
  return TABLE[from][to] as Glue<never, never, Ability> | Refusal;
}

interface Pair {
  readonly from: SourceKind;
  readonly to: SinkKind;
}
export type JoinDescription = Pair & ({ readonly glue: string; readonly can: readonly Ability[] } | Refusal);

/** The table of joins, for those who look a pair up: names and abilities, or why not. */
export function describeJoins(): JoinDescription[] {
  return (Object.keys(TABLE) as SourceKind[]).flatMap((from) =>
    (Object.keys(TABLE[from]) as SinkKind[]).map((to) => {
      const glue = glueFor(from, to);
      return "refused" in glue ? { from, to, ...glue } : { from, to, glue: glue.name, can: glue.can };
    }),
  );
}

/** A source joined to a sink, with all that this takes. */
export class Join extends Construct {
  readonly glue: string;
  readonly transforms: boolean;
  /** Where it ends what could not be handed on. Of queues it is their own dead-letter queue. */
  deadLetters: Queue | undefined;
  deadLettersAlarm: Alarm | undefined;
  /** As whom the glue acts; undefined where AWS asks the sink's own policy. */
  role: Role | undefined;

  constructor(
    scope: Construct,
    id: string,
    readonly source: AnySource,
    readonly sink: AnySink,
    options: GlueOptions,
  ) {
    super(scope, id);
    this.transforms = options.transform !== undefined;
    const glue = glueFor(source.kind, sink.kind);
    if ("refused" in glue) throw this.refusal(glue.refused, glue.instead);
    for (const ability of ["filter", "transform"] as const)
      if (options[ability] !== undefined && !glue.can.includes(ability))
        throw this.refusal(
          `${glue.name} has no ${ability}`,
          ability === "transform" ? "let the function read what it needs" : "choose in the sink",
        );
    if ((source.origin as unknown) === sink.target)
      throw this.refusal(
        "what goes over would set off itself, without end",
        `a ${sink.kind} of its own for what comes out`,
      );
    this.glue = glue.name;
    try {
      (glue.build as (...given: unknown[]) => void)(this, source, sink, options);
    } catch (error) {
      if (error instanceof JoinError) throw error;
      throw new JoinError(`${this.title}: ${(error as Error).message}`, { cause: error });
    }
  }

  get title(): string {
    return `${this.source.kind} of ${this.source.origin.node.path} cannot be joined to the ${this.sink.kind} ${this.sink.target.node.path}`;
  }

  /** @param why it does not work @param instead what does */
  refusal(why: string, instead: string): JoinError {
    return new JoinError(`${this.title}: ${why}. What works: ${instead}.`);
  }

  /** JSON of what may hold tokens. */
  toJson(value: object): string {
    return Stack.of(this).toJsonString(value);
  }

  /** The queue that holds what could not be handed on, with its alarm. */
  createDeadLetters(fifo = false): Queue {
    const queue = new Queue(this, "DeadLetters", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(14),
      ...(fifo ? { fifo: true } : {}),
    });
    Validations.of(queue).acknowledge({
      id: "AwsSolutions-SQS3",
      reason: "It is a dead-letter queue itself: of a rule, a pipe, a schedule, a subscription or a function.",
    });
    this.deadLetters = queue;
    this.deadLettersAlarm = queue
      .metricApproximateNumberOfMessagesVisible({ period: Duration.minutes(1) })
      .createAlarm(this, "DeadLettersAlarm", {
        alarmDescription: `${this.node.path}: something could not be handed on`,
        threshold: 1,
        evaluationPeriods: 1,
        comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: TreatMissingData.NOT_BREACHING,
      });
    return queue;
  }

  /** A role for the glue alone, which only this account's own may take on. */
  createRole(service: string): Role {
    this.role = new Role(this, "Role", {
      assumedBy: new ServicePrincipal(service, {
        conditions: { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } },
      }),
    });
    return this.role;
  }

  /** Lets the glue do these actions on these ARNs. */
  allow(actions: string[], resources: string[]): void {
    this.role!.addToPolicy(new PolicyStatement({ effect: Effect.ALLOW, actions, resources }));
  }
}

/** A join that cannot be: of what, why, and what works instead. */
export class JoinError extends Error {}

/**
 * Joins a source to a sink.
 * @throws JoinError where the pair, or this very one, has no sound glue
 */
export function join<From extends SourceKind, To extends SinkKind>(
  source: SourceOf<From>,
  sink: SinkOf<To>,
  options: GlueOptions = {},
): Join {
  const scope = source.origin as Construct;
  return new Join(scope, idFor(scope, sink), source, sink, options);
}

/** `ToBillingQueue`, and `ToBillingQueue2` for a second join of the same two. */
function idFor(scope: Construct, sink: AnySink): string {
  const path = pathInStack(sink.target);
  const words = path.split(/[^A-Za-z0-9]+/).filter((word) => word !== "" && word !== "Resource");
  const id = `To${words.map((word) => word[0]!.toUpperCase() + word.slice(1)).join("")}`;
  let count = 1;
  while (scope.node.tryFindChild(count === 1 ? id : `${id}${count}`)) count++;
  return count === 1 ? id : `${id}${count}`;
}

function pathInStack(construct: IConstruct): string {
  const stack = Stack.of(construct).node.path;
  return stack === "" ? construct.node.path : construct.node.path.slice(stack.length + 1);
}
