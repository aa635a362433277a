import type { MetricDatum } from "./events.ts";

const DIMENSIONS_MAX = 30;
const METRICS_MAX = 100;
const VALUES_MAX = 100;

/**
 * The metrics that a log event carries in the embedded metric format; nothing where it is none or breaks the format.
 * Source: "Specification: Embedded metric format".
 */
export function embeddedMetrics(message: string): { namespace: string; data: MetricDatum[] }[] {
  // A look at the text first: nearly every log line carries none.
  if (!message.includes('"_aws"')) return [];
  const root = parse(message);
  const metadata = root?.["_aws"];
  if (!root || !isObject(metadata) || typeof metadata["Timestamp"] !== "number") return [];
  const timestampMs = metadata["Timestamp"];
  return asArray(metadata["CloudWatchMetrics"])
    .filter(isObject)
    .map((directive) => ({
      namespace: String(directive["Namespace"] ?? ""),
      data: directiveMetrics(directive, root, timestampMs),
    }))
    .filter(({ namespace, data }) => namespace !== "" && data.length > 0);
}

function directiveMetrics(
  directive: Record<string, unknown>,
  root: Record<string, unknown>,
  timestampMs: number,
): MetricDatum[] {
  const sets = directive["Dimensions"] === undefined ? [[]] : asArray(directive["Dimensions"]);
  const dimensionSets = sets.map((set) => dimensionsOf(asArray(set), root)).filter((set) => set !== undefined);
  return asArray(directive["Metrics"])
    .filter(isObject)
    .slice(0, METRICS_MAX)
    .flatMap((metric) => {
      const name = metric["Name"];
      if (typeof name !== "string") return [];
      const values = (Array.isArray(root[name]) ? root[name] : [root[name]]).filter(Number.isFinite) as number[];
      if (values.length === 0 || values.length > VALUES_MAX) return [];
      return dimensionSets.map((dimensions) => ({
        name,
        timestampMs,
        dimensions,
        values,
        counts: values.map(() => 1),
        ...(typeof metric["Unit"] === "string" ? { unit: metric["Unit"] } : {}),
        ...(metric["StorageResolution"] === 1 ? { storageResolution: 1 } : {}),
      }));
    });
}

/** A set is left out as a whole where one of its members is no text at the root. */
function dimensionsOf(names: unknown[], root: Record<string, unknown>): { Name: string; Value: string }[] | undefined {
  if (names.length > DIMENSIONS_MAX) return undefined;
  const dimensions: { Name: string; Value: string }[] = [];
  for (const name of names) {
    const value = typeof name === "string" ? root[name] : undefined;
    if (typeof name !== "string" || typeof value !== "string" || value === "") return undefined;
    dimensions.push({ Name: name, Value: value });
  }
  return dimensions;
}

function parse(message: string): Record<string, unknown> | undefined {
  try {
    const root: unknown = JSON.parse(message);
    return isObject(root) ? root : undefined;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function asArray(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
