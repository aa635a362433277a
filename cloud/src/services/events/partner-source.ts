import { PARTITION, type Scope } from "../../aws/scope.ts";
import { notFound } from "./errors.ts";
import type { EventsState, PartnerSourceRecord } from "./state.ts";

/** AWS: a source that no bus was made for is deleted after two weeks. */
const PENDING_MS = 14 * 86_400_000;

export function sourceArn(region: string, name: string): string {
  return `arn:${PARTITION}:events:${region}::event-source/${name}`;
}

/** A source as made for an account. */
export function findSource(
  state: EventsState,
  { account, region }: Scope,
  name: string,
): PartnerSourceRecord | undefined {
  return state.partnerSources.get([region, name, account]);
}

/** @throws AwsError ResourceNotFoundException */
export function getSource(state: EventsState, scope: Scope, name: string): PartnerSourceRecord {
  const found = findSource(state, scope, name);
  if (!found) throw notFound(`Event source ${name}`);
  return found;
}

export function putSource(state: EventsState, source: PartnerSourceRecord): void {
  state.partnerSources.put([source.region, source.name, source.account], source);
}

export function expiresMs({ state, createdMs }: PartnerSourceRecord): number | undefined {
  return state === "PENDING" ? createdMs + PENDING_MS : undefined;
}
