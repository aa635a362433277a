import type { Event, FilterRule, NotificationConfiguration, NotificationConfigurationFilter } from "@aws-sdk/client-s3";
import { findArn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import { invalidArgument, malformedXml } from "./errors.ts";
import type { EventName } from "./events.ts";

/** A bucket's notification configuration: what is allowed in it, and whom it tells what. */

export type DestinationKind = "lambda" | "sqs" | "sns";

export interface Destination {
  readonly kind: DestinationKind;
  readonly arn: string;
  readonly id: string;
  readonly events: readonly string[];
  readonly filter: NotificationConfigurationFilter | undefined;
}

/** AWS's word for each kind in error messages. */
const NOUN: Record<DestinationKind, string> = { lambda: "CloudFunction", sqs: "Queue", sns: "Topic" };

export function destinationsOf(configuration: NotificationConfiguration): Destination[] {
  const { LambdaFunctionConfigurations, QueueConfigurations, TopicConfigurations } = configuration;
  type Entry = {
    Id?: string | undefined;
    Events?: Event[] | undefined;
    Filter?: NotificationConfigurationFilter | undefined;
  };
  const of = (kind: DestinationKind, arn: string | undefined, entry: Entry): Destination => ({
    kind,
    arn: arn ?? "",
    id: entry.Id ?? "",
    events: entry.Events ?? [],
    filter: entry.Filter,
  });
  return [
    ...(LambdaFunctionConfigurations ?? []).map((entry) => of("lambda", entry.LambdaFunctionArn, entry)),
    ...(QueueConfigurations ?? []).map((entry) => of("sqs", entry.QueueArn, entry)),
    ...(TopicConfigurations ?? []).map((entry) => of("sns", entry.TopicArn, entry)),
  ];
}

const EVENT_GROUPS = [
  "ObjectCreated:*",
  "ObjectCreated:Put",
  "ObjectCreated:Post",
  "ObjectCreated:Copy",
  "ObjectCreated:CompleteMultipartUpload",
  "ObjectRemoved:*",
  "ObjectRemoved:Delete",
  "ObjectRemoved:DeleteMarkerCreated",
  "ObjectRestore:*",
  "ObjectRestore:Post",
  "ObjectRestore:Completed",
  "ObjectRestore:Delete",
  "ObjectTagging:*",
  "ObjectTagging:Put",
  "ObjectTagging:Delete",
  "ObjectAcl:Put",
  "ObjectRetention:Put",
  "LifecycleExpiration:*",
  "LifecycleExpiration:Delete",
  "LifecycleExpiration:DeleteMarkerCreated",
  "LifecycleTransition",
].map((name) => `s3:${name}`);
/** Events that AWS has and that never happen here: they are taken, since nothing is lost by it. */
const NEVER_HERE = ["s3:ReducedRedundancyLostObject"];

/**
 * Checks a configuration and gives every destination an id.
 * @param region of the bucket
 * @throws AwsError InvalidArgument, MalformedXML; NotEmulatedError for events of replication and tiering
 */
export function readNotification(
  configuration: NotificationConfiguration | undefined,
  region: string,
  newId: () => string,
): NotificationConfiguration {
  if (!configuration) throw malformedXml();
  const withIds = <T extends { Id?: string | undefined; Filter?: NotificationConfigurationFilter | undefined }>(
    entries: T[] | undefined,
  ) => entries?.map((entry) => ({ ...entry, Id: entry.Id ?? newId(), ...readFilter(entry.Filter) }));
  const { LambdaFunctionConfigurations, QueueConfigurations, TopicConfigurations } = configuration;
  const read = dropUndefined({
    LambdaFunctionConfigurations: withIds(LambdaFunctionConfigurations),
    QueueConfigurations: withIds(QueueConfigurations),
    TopicConfigurations: withIds(TopicConfigurations),
    EventBridgeConfiguration: configuration.EventBridgeConfiguration ? {} : undefined,
  }) as NotificationConfiguration;
  const destinations = destinationsOf(read);
  for (const destination of destinations) checkDestination(destination, region);
  checkAmbiguity(destinations);
  return read;
}

function dropUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}

function readFilter(filter: NotificationConfigurationFilter | undefined): { Filter?: NotificationConfigurationFilter } {
  const rules = filter?.Key?.FilterRules;
  if (!rules) return {};
  // AWS: names are taken in any case and told with a capital.
  const read = rules.map(({ Name, Value }): FilterRule => {
    const name = Name?.toLowerCase();
    if (name !== "prefix" && name !== "suffix")
      throw invalidArgument("filter rule name must be either prefix or suffix", "FilterRule.Name", Name);
    return { Name: (name === "prefix" ? "Prefix" : "Suffix") as FilterRule["Name"], Value: Value ?? "" };
  });
  if (new Set(read.map((rule) => rule.Name)).size < read.length)
    throw invalidArgument(
      "Cannot specify more than one prefix or suffix rule in a filter.",
      "FilterRule.Name",
      read[0]?.Name?.toLowerCase(),
    );
  return { Filter: { Key: { FilterRules: read } } };
}

function checkDestination({ kind, arn, events }: Destination, region: string): void {
  const parts = findArn(arn);
  if (!parts || parts.service !== kind) throw invalidArgument("The ARN could not be parsed", NOUN[kind], arn);
  if (parts.region !== region)
    throw invalidArgument(
      "The notification destination service region is not valid for the bucket location constraint",
      NOUN[kind],
      arn,
    );
  if (kind !== "lambda" && parts.resource.endsWith(".fifo"))
    throw invalidArgument(`FIFO ${kind.toUpperCase()} destinations are not supported`, NOUN[kind], arn);
  if (events.length === 0) throw malformedXml();
  for (const event of events) {
    if (EVENT_GROUPS.includes(event) || NEVER_HERE.includes(event)) continue;
    if (/^s3:(?:Replication|IntelligentTiering|ObjectAnnotation)/.test(event))
      throw new NotEmulatedError(`the event ${event} of S3`);
    throw invalidArgument("The event is not supported for notifications", "Event", event);
  }
}

/** AWS: one event of one object must have one destination at most. @throws AwsError InvalidArgument */
function checkAmbiguity(destinations: readonly Destination[]): void {
  for (const [index, one] of destinations.entries())
    for (const other of destinations.slice(index + 1)) {
      if (!one.events.some((a) => other.events.some((b) => overlaps(a, b)))) continue;
      const [a, b] = [boundsOf(one), boundsOf(other)];
      const prefixes = a.prefix.startsWith(b.prefix) || b.prefix.startsWith(a.prefix);
      const suffixes = a.suffix.endsWith(b.suffix) || b.suffix.endsWith(a.suffix);
      if (prefixes && suffixes)
        throw invalidArgument(
          one.filter || other.filter
            ? "Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type."
            : "Configurations overlap. Configurations on the same bucket cannot share a common event type.",
        );
    }
}

function overlaps(a: string, b: string): boolean {
  const within = (group: string, event: string) => group.endsWith("*") && event.startsWith(group.slice(0, -1));
  return a === b || within(a, b) || within(b, a);
}

function boundsOf({ filter }: Destination): { prefix: string; suffix: string } {
  const value = (name: string) => filter?.Key?.FilterRules?.find((rule) => (rule.Name as string) === name)?.Value ?? "";
  return { prefix: value("Prefix"), suffix: value("Suffix") };
}

/** Whether a destination wants to be told of an event of a key. */
export function wants(destination: Destination, event: EventName, key: string): boolean {
  const name = `s3:${event}`;
  if (!destination.events.some((wanted) => overlaps(wanted, name))) return false;
  const { prefix, suffix } = boundsOf(destination);
  return key.startsWith(prefix) && key.endsWith(suffix);
}
