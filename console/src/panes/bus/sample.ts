interface Sample {
  source: string;
  detailType: string;
  detail: string;
}

/** An event that is likely to match a pattern: of each list of values the first plain one, to be edited. */
export function sampleOf(pattern: string | undefined): Sample {
  const { source, "detail-type": detailType, detail } = JSON.parse(pattern ?? "{}") as Record<string, unknown>;
  return {
    source: String(valueOf(source) ?? "my.app"),
    detailType: String(valueOf(detailType) ?? "Something happened"),
    detail: JSON.stringify(valueOf(detail) ?? { id: "1" }, null, 2),
  };
}

function valueOf(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(matching).find((value) => value !== undefined);
  if (typeof part !== "object" || part === null) return undefined;
  const entries = Object.entries(part)
    .filter(([name]) => name !== "$or")
    .map(([name, inner]) => [name, valueOf(inner) ?? ""]);
  return Object.fromEntries(entries);
}

function matching(condition: unknown): unknown {
  if (typeof condition !== "object" || condition === null) return condition;
  const rule = condition as Record<string, unknown>;
  if (typeof rule["prefix"] === "string") return rule["prefix"];
  if (typeof rule["suffix"] === "string") return rule["suffix"];
  if (typeof rule["wildcard"] === "string") return rule["wildcard"].replaceAll("*", "");
  if (typeof rule["equals-ignore-case"] === "string") return rule["equals-ignore-case"];
  return rule["exists"] === true ? "x" : undefined;
}
