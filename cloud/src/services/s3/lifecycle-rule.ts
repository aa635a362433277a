import type { LifecycleRule, LifecycleRuleFilter, Tag, Transition } from "@aws-sdk/client-s3";
import { checkStorageClass } from "./storage-class.ts";
import { invalidArgument, invalidRequest, malformedXml } from "./errors.ts";

/** The rules of a lifecycle configuration: what is allowed in them, whom they mean, and when they fall due. */

const DAY_MS = 86_400_000;
const RULES_MAX = 1000;
const SMALL_BYTES = 128 * 1024;

/** A rule with dates as ISO texts, since that is what can be kept. */
export type KeptRule = Omit<LifecycleRule, "Expiration" | "Transitions"> & {
  readonly Expiration?: Omit<NonNullable<LifecycleRule["Expiration"]>, "Date"> & { Date?: string };
  readonly Transitions?: (Omit<Transition, "Date"> & { Date?: string })[];
};

export interface LifecycleRules {
  readonly rules: readonly KeptRule[];
  readonly minimumSize: "all_storage_classes_128K" | "varies_by_storage_class";
}

/**
 * Checks what PutBucketLifecycleConfiguration is given.
 * @param newId makes the id of a rule without one
 * @throws AwsError MalformedXML, InvalidRequest, InvalidArgument
 */
export function readLifecycle(rules: readonly LifecycleRule[] | undefined, newId: () => string): KeptRule[] {
  if (!rules || rules.length === 0 || rules.length > RULES_MAX) throw malformedXml();
  const ids = new Set<string>();
  return rules.map((rule) => {
    checkRule(rule);
    const ID = rule.ID ?? newId();
    if (ids.has(ID)) throw invalidArgument("Rule ID must be unique. Found same ID for one or more rules");
    ids.add(ID);
    return JSON.parse(JSON.stringify({ ...rule, ID })) as KeptRule;
  });
}

/** As GetBucketLifecycleConfiguration answers. */
export function lifecycleRule(rule: KeptRule): LifecycleRule {
  const dated = <T extends { Date?: string }>(part: T) => ({
    ...part,
    ...(part.Date === undefined ? {} : { Date: new Date(part.Date) }),
  });
  return {
    ...rule,
    ...(rule.Expiration ? { Expiration: dated(rule.Expiration) } : {}),
    ...(rule.Transitions ? { Transitions: rule.Transitions.map(dated) } : {}),
  } as LifecycleRule;
}

function checkRule(rule: LifecycleRule): void {
  if ((rule.ID?.length ?? 0) > 255)
    throw invalidArgument("ID length should not exceed allowed limit of 255", "ID", rule.ID);
  if (rule.Status !== "Enabled" && rule.Status !== "Disabled") throw malformedXml();
  if ((rule.Filter === undefined) === (rule.Prefix === undefined)) throw malformedXml();
  if (rule.Filter) checkFilter(rule.Filter);
  const tagged = tagsOf(rule).length > 0;
  const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload: abort } = rule;
  const actions = [Expiration, NoncurrentVersionExpiration, abort, rule.Transitions, rule.NoncurrentVersionTransitions];
  if (actions.every((action) => action === undefined))
    throw invalidRequest("At least one action needs to be specified in a rule");
  if (Expiration) checkExpiration(Expiration, tagged);
  for (const transition of rule.Transitions ?? []) checkTransition(transition, rule);
  if (NoncurrentVersionExpiration) {
    if (NoncurrentVersionExpiration.NoncurrentDays === undefined) throw malformedXml();
    checkDays(NoncurrentVersionExpiration.NoncurrentDays, "NoncurrentDays", "NoncurrentVersionExpiration");
  }
  for (const transition of rule.NoncurrentVersionTransitions ?? []) {
    if (transition.NoncurrentDays === undefined || transition.StorageClass === undefined) throw malformedXml();
    checkStorageClass(transition.StorageClass);
  }
  if (abort) {
    if (tagged) throw invalidRequest("AbortIncompleteMultipartUpload cannot be specified with Tags.");
    if (abort.DaysAfterInitiation === undefined) throw malformedXml();
    checkDays(abort.DaysAfterInitiation, "DaysAfterInitiation", "AbortIncompleteMultipartUpload");
  }
}

function checkFilter(filter: LifecycleRuleFilter): void {
  const { And, ...single } = filter;
  const given = Object.values(single).filter((value) => value !== undefined).length;
  if (given + (And ? 1 : 0) > 1) throw malformedXml();
  if (!And) return;
  const keys = (And.Tags ?? []).map((tag) => tag.Key);
  if (new Set(keys).size < keys.length) throw invalidRequest("Duplicate Tag Keys are not allowed.");
  const conditions = [And.Prefix, And.ObjectSizeGreaterThan, And.ObjectSizeLessThan].filter((one) => one !== undefined);
  if (conditions.length + keys.length < 2) throw malformedXml();
}

function checkExpiration(expiration: NonNullable<LifecycleRule["Expiration"]>, tagged: boolean): void {
  const { Days, Date: date, ExpiredObjectDeleteMarker: marker } = expiration;
  if ([Days, date, marker].filter((one) => one !== undefined).length !== 1) throw malformedXml();
  if (marker !== undefined && tagged) throw invalidRequest("ExpiredObjectDeleteMarker cannot be specified with Tags.");
  if (Days !== undefined) checkDays(Days, "Days", "Expiration");
  if (date) checkMidnight(date);
}

function checkTransition(transition: Transition, rule: LifecycleRule): void {
  const { Days, Date: date, StorageClass } = transition;
  if (StorageClass === undefined || (Days === undefined) === (date === undefined)) throw malformedXml();
  checkStorageClass(StorageClass);
  if (date) checkMidnight(date);
  if (Days === undefined) return;
  if (Days < 0) throw invalidArgument("'Days' for Transition action must be nonnegative");
  if ((StorageClass === "STANDARD_IA" || StorageClass === "ONEZONE_IA") && Days < 30)
    throw invalidArgument(
      `'Days' in Transition action must be greater than or equal to 30 for storageClass '${StorageClass}'`,
    );
  if (rule.Expiration?.Days !== undefined && rule.Expiration.Days <= Days)
    throw invalidArgument(
      `'Days' in the Expiration action for filter '(prefix=${prefixOf(rule)})' must be greater than 'Days' in the Transition action`,
    );
}

function checkDays(days: number, name: string, action: string): void {
  if (!(Number.isInteger(days) && days > 0))
    throw invalidArgument(`'${name}' for ${action} action must be a positive integer`);
}

function checkMidnight(date: Date): void {
  if (date.getTime() % DAY_MS !== 0)
    throw invalidArgument("'Date' must be at midnight GMT", "Date", date.toISOString());
}

function prefixOf(rule: LifecycleRule | KeptRule): string {
  return rule.Prefix ?? rule.Filter?.Prefix ?? rule.Filter?.And?.Prefix ?? "";
}

function tagsOf(rule: LifecycleRule | KeptRule): Tag[] {
  return rule.Filter?.Tag ? [rule.Filter.Tag] : (rule.Filter?.And?.Tags ?? []);
}

/** What a filter looks at. */
export interface Filtered {
  readonly key: string;
  readonly bytes?: number;
  readonly tags?: readonly Tag[] | undefined;
}

/** Whether an enabled rule means an object (or an upload, which has neither size nor tags yet). */
export function appliesTo(rule: KeptRule, { key, bytes, tags }: Filtered): boolean {
  if (rule.Status !== "Enabled" || !key.startsWith(prefixOf(rule))) return false;
  const above = rule.Filter?.ObjectSizeGreaterThan ?? rule.Filter?.And?.ObjectSizeGreaterThan;
  const below = rule.Filter?.ObjectSizeLessThan ?? rule.Filter?.And?.ObjectSizeLessThan;
  if (above !== undefined && !(bytes !== undefined && bytes > above)) return false;
  if (below !== undefined && !(bytes !== undefined && bytes < below)) return false;
  return tagsOf(rule).every((wanted) => tags?.some((tag) => tag.Key === wanted.Key && tag.Value === wanted.Value));
}

/**
 * When something of a time falls due after so many days.
 * AWS: "Lifecycle rules: Based on an object's age": the days are added and the result is rounded to the next midnight UTC.
 */
export function dueAfterDays(sinceMs: number, days: number): number {
  return (Math.floor((sinceMs + days * DAY_MS) / DAY_MS) + 1) * DAY_MS;
}

/** When an action with days or a date falls due for something of a time. */
export function dueMs(
  action: { Days?: number | undefined; Date?: string | undefined },
  sinceMs: number,
): number | undefined {
  if (action.Days !== undefined) return dueAfterDays(sinceMs, action.Days);
  return action.Date === undefined ? undefined : Date.parse(action.Date);
}

/** When an object expires first, and by which rule. */
export function expiryOf(
  { rules }: LifecycleRules,
  object: Filtered & { readonly modifiedMs: number },
): { atMs: number; ruleId: string } | undefined {
  let first: { atMs: number; ruleId: string } | undefined;
  for (const rule of rules) {
    const atMs = rule.Expiration && appliesTo(rule, object) ? dueMs(rule.Expiration, object.modifiedMs) : undefined;
    if (atMs !== undefined && (!first || atMs < first.atMs)) first = { atMs, ruleId: rule.ID ?? "" };
  }
  return first;
}

/** The next storage class of an object and when it takes it: the last transition that is due, else the first to come. */
export function transitionsOf(
  lifecycle: LifecycleRules,
  object: Filtered & { readonly modifiedMs: number; readonly noncurrentMs?: number | undefined },
): { atMs: number; storageClass: string }[] {
  const noncurrentMs = object.noncurrentMs;
  return lifecycle.rules
    .filter((rule) => appliesTo(rule, object) && !isTooSmall(lifecycle, rule, object))
    .flatMap((rule) =>
      noncurrentMs === undefined
        ? (rule.Transitions ?? []).map((transition) => ({
            atMs: dueMs(transition, object.modifiedMs)!,
            storageClass: transition.StorageClass as string,
          }))
        : (rule.NoncurrentVersionTransitions ?? []).map((transition) => ({
            atMs: dueAfterDays(noncurrentMs, transition.NoncurrentDays!),
            storageClass: transition.StorageClass as string,
          })),
    )
    .sort((a, b) => a.atMs - b.atMs);
}

/** AWS: small objects stay where they are, unless the rule speaks of sizes itself. */
function isTooSmall({ minimumSize }: LifecycleRules, rule: KeptRule, { bytes = 0 }: Filtered): boolean {
  if (bytes >= SMALL_BYTES || minimumSize === "varies_by_storage_class") return false;
  const { Filter } = rule;
  return (
    Filter?.ObjectSizeGreaterThan === undefined &&
    Filter?.ObjectSizeLessThan === undefined &&
    Filter?.And?.ObjectSizeGreaterThan === undefined &&
    Filter?.And?.ObjectSizeLessThan === undefined
  );
}

/** The earliest time at which any action can fall due for something that changes now. */
export function soonestDueMs({ rules }: LifecycleRules, nowMs: number): number | undefined {
  const due = rules
    .filter((rule) => rule.Status === "Enabled")
    .flatMap((rule) => {
      const { Expiration, NoncurrentVersionExpiration, AbortIncompleteMultipartUpload: abort } = rule;
      return [
        ...(Expiration ? [Expiration] : []),
        ...(rule.Transitions ?? []),
        { Days: NoncurrentVersionExpiration?.NoncurrentDays },
        ...(rule.NoncurrentVersionTransitions ?? []).map(({ NoncurrentDays }) => ({ Days: NoncurrentDays })),
        { Days: abort?.DaysAfterInitiation },
        // What only looks at markers is looked after once a day.
        ...(Expiration?.ExpiredObjectDeleteMarker ? [{ Days: 0 }] : []),
      ];
    })
    .map((action) => dueMs(action, nowMs))
    .filter((atMs) => atMs !== undefined)
    .map((atMs) => Math.max(atMs, dueAfterDays(nowMs, 0)));
  return due.length === 0 ? undefined : Math.min(...due);
}
