import { expect, test } from "vitest";
import { visible } from "./visible.ts";

const show = (input: object) => visible("sqs", "SendMessageBatch", "input", input) as Record<string, unknown>;

test("what is small stays as it is", () => {
  const Entries = [{ Id: "1", MessageBody: "hello" }];
  expect(show({ Entries }).Entries).toBe(Entries);
});

test("long texts and bytes are shortened, at the top and below", () => {
  expect(show({ text: "x".repeat(5000) })["text"]).toBe(`${"x".repeat(4096)}…`);
  expect(show({ bytes: Buffer.alloc(5000) })["bytes"]).toBe("<5000 bytes>");
  const Entries = Array.from({ length: 25 }, (_, i) => ({
    Id: `${i}`,
    MessageBody: "x".repeat(10_000),
    more: Buffer.alloc(2000),
  }));
  const shown = show({ Entries })["Entries"] as unknown[];
  expect(shown).toHaveLength(21);
  expect(shown[0]).toEqual({ Id: "0", MessageBody: `${"x".repeat(1024)}…`, more: "<2000 bytes>" });
  expect(shown[20]).toBe("… 5 more");
});

test("secrets are left out", () => {
  const shown = visible("lambda", "CreateFunction", "input", {
    FunctionName: "f",
    Environment: { Variables: { A: "b" } },
  });
  expect(JSON.stringify(shown)).not.toContain('"b"');
});
