import { ServiceApi } from "./service-api.ts";
import type { Member, Protocol, Shape } from "./shape.ts";
import { readTable } from "./table.ts";

export type { Operation, ServiceApi } from "./service-api.ts";
export type { Constraint, ErrorFacts, Kind, Location, Member, Protocol, Shape, TimestampFormat } from "./shape.ts";

/**
 * Typed access to the API tables of cloud/api (made by scripts/generate-api.mjs from the AWS SDK's schemas and
 * botocore's constraints). Tables load when first asked for; shapes compile when first reached.
 */

/** What the router must know of a service before it loads the service's table. */
export interface ApiFacts {
  readonly signingName: string;
  readonly targetPrefix: string;
  readonly version: string;
  readonly protocol: Protocol;
}

/** The services whose API is in a table, by name. Where two share a signing name, the first is asked first. */
export const API_INDEX: ReadonlyMap<string, ApiFacts> = new Map(
  Object.entries(readTable<{ services: Record<string, ApiFacts> }>("index.json").services),
);

const apis = new Map<string, ServiceApi>();

export function findApi(name: string): ServiceApi | undefined {
  const known = apis.get(name);
  if (known) return known;
  if (!API_INDEX.has(name)) return undefined;
  const api = new ServiceApi(name);
  apis.set(name, api);
  return api;
}

/** @throws Error where there is no table of that name */
export function getApi(name: string): ServiceApi {
  const api = findApi(name);
  if (!api) throw new Error(`No API table for ${name}: add it to scripts/generate-api.mjs`);
  return api;
}

/** A service that AWS has, be it emulated or not. */
export interface KnownService {
  readonly name: string;
  readonly signingName: string;
  readonly targetPrefix: string;
  readonly version: string;
  readonly protocol: string;
}

let known: readonly KnownService[] | undefined;

/** Every AWS service known to botocore when the tables were made. Loaded only to word a refusal. */
export function knownServices(): readonly KnownService[] {
  if (!known) {
    const { services } = readTable<{ services: Record<string, [string, string, string, string]> }>("services.json");
    known = Object.entries(services).map(([name, [signingName, targetPrefix, version, protocol]]) => ({
      name,
      signingName,
      targetPrefix,
      version,
      protocol,
    }));
  }
  return known;
}

const NONE: ReadonlySet<string> = new Set();
const sensitive = new Map<string, ReadonlySet<string>>();

/**
 * The top-level members of an operation's input or output that the model calls sensitive, in themselves or inside.
 * Undefined where there is no such operation or it holds nothing sensitive.
 */
export function sensitiveMembers(
  service: string,
  operation: string,
  side: "input" | "output",
): ReadonlySet<string> | undefined {
  const id = `${service}:${operation}:${side}`;
  let names = sensitive.get(id);
  if (!names) {
    const shape = findApi(service)?.findOperation(operation)?.[side];
    const hidden = shape
      ? shape.members.filter((member) => holdsSensitive(member, new Set())).map((member) => member.name)
      : [];
    names = hidden.length > 0 ? new Set(hidden) : NONE;
    sensitive.set(id, names);
  }
  return names === NONE ? undefined : names;
}

function holdsSensitive(member: Member, seen: Set<Shape>): boolean {
  if (member.sensitive || member.shape.sensitive) return true;
  const { shape } = member;
  if (seen.has(shape)) return false;
  seen.add(shape);
  const inner = [...shape.members, shape.element, shape.key, shape.value];
  return inner.some((next) => next !== undefined && holdsSensitive(next, seen));
}
