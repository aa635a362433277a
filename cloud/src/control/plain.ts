/**
 * Values of the API as JSON and back: bytes are `{ "$bytes": base64 }`, streams are read to their end. Times go out as
 * ISO texts and come in as `{ "$date": ms since 1970 }`.
 */
export async function toPlain(value: unknown): Promise<unknown> {
  if (value instanceof Uint8Array) return { $bytes: Buffer.from(value).toString("base64") };
  if (value instanceof Date || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return Promise.all(value.map(toPlain));
  if (Symbol.asyncIterator in value) {
    const chunks: Uint8Array[] = [];
    for await (const chunk of value as AsyncIterable<Uint8Array>) chunks.push(chunk);
    return toPlain(Buffer.concat(chunks));
  }
  const entries = Object.entries(value).map(async ([key, inner]) => [key, await toPlain(inner)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

export function fromPlain(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map(fromPlain);
  const { $bytes, $date } = value as { $bytes?: unknown; $date?: unknown };
  if (typeof $bytes === "string") return Buffer.from($bytes, "base64");
  if (typeof $date === "number") return new Date($date);
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromPlain(inner)]));
}
