import type { Filter } from "@aws-sdk/client-secrets-manager";
import type { Input, Output } from "../../../aws/api-types.ts";
import { page } from "../page.ts";
import { dateOf, stagesByVersion } from "../secret.ts";
import type { Cx, SecretRecord } from "../state.ts";
import { summary } from "./secrets.ts";

const PAGE = 100;

export function listSecrets(
  cx: Cx,
  input: Input<"secretsmanager", "ListSecrets">,
): Output<"secretsmanager", "ListSecrets"> {
  const found = matching(cx, input.Filters).filter(
    ({ deletedMs }) => deletedMs === undefined || input.IncludePlannedDeletion,
  );
  const sorted = found.sort(ORDERS[input.SortBy ?? "created-date"]);
  if (input.SortOrder === "desc") sorted.reverse();
  const { shown, next } = page(sorted, input.NextToken, input.MaxResults ?? PAGE);
  return {
    SecretList: shown.map((secret) => ({
      ...summary(cx, secret),
      SecretVersionsToStages: stagesByVersion(secret),
      DeletedDate: dateOf(secret.deletedMs),
    })),
    NextToken: next,
  };
}

type Order = (a: SecretRecord, b: SecretRecord) => number;
const byName: Order = (a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
const ORDERS: Record<"created-date" | "last-accessed-date" | "last-changed-date" | "name", Order> = {
  "created-date": (a, b) => a.createdMs - b.createdMs || byName(a, b),
  "last-accessed-date": (a, b) => (a.accessedMs ?? 0) - (b.accessedMs ?? 0) || byName(a, b),
  "last-changed-date": (a, b) => a.changedMs - b.changedMs || byName(a, b),
  name: byName,
};

/** The caller's secrets that pass every filter. */
export function matching(cx: Cx, filters: readonly Filter[] = []): SecretRecord[] {
  const all = Array.from(cx.state.secrets.values({ prefix: [cx.scope.account, cx.scope.region] }));
  return all.filter((secret) => filters.every((filter) => passes(secret, filter)));
}

/** AWS: any of a filter's values will do; those behind an exclamation mark are kept out. */
function passes(secret: SecretRecord, { Key, Values = [] }: Filter): boolean {
  const test = TESTS[Key ?? "all"];
  const wanted = Values.filter((value) => !value.startsWith("!"));
  const unwanted = Values.filter((value) => value.startsWith("!")).map((value) => value.slice(1));
  if (unwanted.some((value) => test(secret, value))) return false;
  return wanted.length === 0 || wanted.some((value) => test(secret, value));
}

/** AWS: "Filter" of the API reference: by prefix; description and all take no notice of case. */
const TESTS: Record<NonNullable<Filter["Key"]>, (secret: SecretRecord, value: string) => boolean> = {
  name: ({ name }, value) => name.startsWith(value),
  description: ({ description = "" }, value) => startsWithAnyCase(description, value),
  "tag-key": ({ tags }, value) => Object.keys(tags).some((key) => key.startsWith(value)),
  "tag-value": ({ tags }, value) => Object.values(tags).some((text) => text.startsWith(value)),
  // No secret here is another service's or a replica.
  "owning-service": () => false,
  "primary-region": ({ region }, value) => region.startsWith(value),
  all: ({ name, description = "", tags }, value) => {
    const words = [name, ...description.split(/\s+/), ...Object.keys(tags), ...Object.values(tags)];
    return value.split(/\s+/).every((part) => words.some((word) => startsWithAnyCase(word, part)));
  },
};

function startsWithAnyCase(text: string, start: string): boolean {
  return text.toLowerCase().startsWith(start.toLowerCase());
}
