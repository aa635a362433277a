import { describe, expect, it } from "vitest";
import { encodeKeyForUrl, textAfterPrefix } from "./key.ts";
import { compareUtf8, listPage, type KeyRange } from "./listing.ts";

/** A listing over keys at hand, counting how many were looked at. */
function over(keys: readonly string[]) {
  const sorted = [...keys].sort(compareUtf8);
  const seen = { count: 0 };
  function* scan({ from, exclusive, to }: KeyRange): Iterable<[string, string]> {
    for (const key of sorted) {
      const order = compareUtf8(key, from);
      if (order < 0 || (exclusive && order === 0) || (to !== undefined && compareUtf8(key, to) >= 0)) continue;
      seen.count += 1;
      yield [key, key];
    }
  }
  const list = (query: { prefix?: string; delimiter?: string; marker?: string; limit?: number }) =>
    listPage({ prefix: "", delimiter: "", marker: "", limit: 1000, ...query }, scan);
  return { list, seen };
}

describe("listing with prefix and delimiter", () => {
  const keys = ["a", "b/1", "b/2", "b/c/3", "b0", "c/", "é", "𝒳"];

  it("answers in the order of UTF-8", () => {
    expect(over(["\uFF61", "𝒳", "a", "Z"]).list({}).items).toEqual(["Z", "a", "\uFF61", "𝒳"]);
  });

  it("rolls up what has the delimiter behind the prefix", () => {
    const { items, commonPrefixes } = over(keys).list({ delimiter: "/" });
    expect(items).toEqual(["a", "b0", "é", "𝒳"]);
    expect(commonPrefixes).toEqual(["b/", "c/"]);
    const below = over(keys).list({ prefix: "b/", delimiter: "/" });
    expect(below.items).toEqual(["b/1", "b/2"]);
    expect(below.commonPrefixes).toEqual(["b/c/"]);
  });

  it("skips a common prefix as a whole, however many keys it has", () => {
    const many = Array.from({ length: 5000 }, (_, index) => `logs/${index}`);
    const { list, seen } = over([...many, "z"]);
    const page = list({ delimiter: "/" });
    expect(page.commonPrefixes).toEqual(["logs/"]);
    expect(page.items).toEqual(["z"]);
    expect(seen.count).toBeLessThan(5);
  });

  it("pages without losing or repeating anything", () => {
    for (const delimiter of ["", "/"])
      for (let limit = 1; limit <= 4; limit++) {
        const { list } = over(keys);
        const all: string[] = [];
        for (let marker: string | undefined = ""; marker !== undefined;) {
          const page = list({ delimiter, marker, limit });
          expect(page.items.length + page.commonPrefixes.length).toBeLessThanOrEqual(limit);
          all.push(...[...page.items, ...page.commonPrefixes].sort(compareUtf8));
          marker = page.next?.key;
        }
        const whole = list({ delimiter });
        expect(all).toEqual([...whole.items, ...whole.commonPrefixes].sort(compareUtf8));
      }
  });

  it("leaves out the whole common prefix that the marker lies in", () => {
    const folder = ["folder/sub/1", "folder/sub/2", "folder/x"];
    const page = over(folder).list({ prefix: "folder/", delimiter: "/", marker: "folder/sub/1" });
    expect(page).toMatchObject({ items: ["folder/x"], commonPrefixes: [] });
  });

  it("takes delimiters of several characters, and prefixes at the end of Unicode", () => {
    expect(over(["a--b", "a--c", "a-d"]).list({ delimiter: "--" }).commonPrefixes).toEqual(["a--"]);
    expect(over(["\u{10FFFF}a", "\u{10FFFF}b"]).list({ prefix: "\u{10FFFF}" }).items).toHaveLength(2);
  });

  it("answers nothing for a limit of none", () => {
    expect(over(keys).list({ limit: 0 })).toEqual({ items: [], commonPrefixes: [], next: undefined });
  });
});

describe("keys", () => {
  it("have a text behind every text that begins with them", () => {
    expect(textAfterPrefix("a/")).toBe("a0");
    expect(textAfterPrefix("\uD7FF")).toBe("\uE000");
    expect(textAfterPrefix("a\u{10FFFF}")).toBe("b");
    expect(textAfterPrefix("\u{10FFFF}")).toBeUndefined();
  });

  it("are encoded for URLs as S3 does", () => {
    expect(encodeKeyForUrl("red flower.jpg")).toBe("red+flower.jpg");
    expect(encodeKeyForUrl("a/b@c+d=e%f")).toBe("a/b%40c%2Bd%3De%25f");
    expect(encodeKeyForUrl("写真/é")).toBe("%E5%86%99%E7%9C%9F/%C3%A9");
    expect(encodeKeyForUrl("~!'()*-_.")).toBe("%7E%21%27%28%29*-_.");
  });
});
