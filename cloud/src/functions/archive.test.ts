import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ZipFile } from "yazl";
import { ArchiveError, archiveDirectory, createArchive, extractArchive, inspectArchive } from "./archive.ts";

let directory: string;
beforeEach(() => void (directory = mkdtempSync(join(tmpdir(), "archive-"))));
afterEach(() => rmSync(directory, { recursive: true }));

describe("archives", () => {
  it("come out as they went in, the same bytes each time", async () => {
    const files = { "index.js": "exports.x = 1;", "lib/data.bin": Buffer.from([0, 255, 1]) };
    const archive = await createArchive(files);
    expect(await createArchive(files)).toEqual(archive);
    expect(await inspectArchive(archive)).toEqual({ files: ["index.js", "lib/data.bin"], unpackedBytes: 17 });
    await extractArchive(archive, directory, 1000);
    expect(readFileSync(join(directory, "index.js"), "utf8")).toBe("exports.x = 1;");
    expect(readFileSync(join(directory, "lib/data.bin"))).toEqual(Buffer.from([0, 255, 1]));
  });

  it("keep the executable bit", async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from("#!/bin/sh"), "run", { mode: 0o100755 });
    await extractArchive(await finish(zip), directory, 1000);
    expect(statSync(join(directory, "run")).mode & 0o111).toBe(0o111);
    const again = join(directory, "again");
    await extractArchive(await archiveDirectory(directory), again, 1000);
    expect(statSync(join(again, "run")).mode & 0o111).toBe(0o111);
  });

  it("that lead out of the directory are refused", async () => {
    const good = await createArchive({ "aa/evil.js": "x" });
    const evil = Buffer.from(good.toString("latin1").replaceAll("aa/evil.js", "../evil.js"), "latin1");
    await expect(extractArchive(evil, join(directory, "in"), 1000)).rejects.toThrow(ArchiveError);
    await expect(inspectArchive(evil)).rejects.toThrow(ArchiveError);
    expect(existsSync(join(directory, "evil.js"))).toBe(false);
    const absolute = Buffer.from(good.toString("latin1").replaceAll("aa/evil.js", "/tmp/e.jsx"), "latin1");
    await expect(extractArchive(absolute, directory, 1000)).rejects.toThrow(ArchiveError);
  });

  it("with symbolic links are refused", async () => {
    const zip = new ZipFile();
    zip.addBuffer(Buffer.from("/etc"), "link", { mode: 0o120777 });
    await expect(inspectArchive(await finish(zip))).rejects.toThrow("link is a symbolic link");
  });

  it("that unpack to too much are refused", async () => {
    const archive = await createArchive({ zeros: Buffer.alloc(100_000) });
    await expect(extractArchive(archive, directory, 99_999)).rejects.toThrow("more than 99999 bytes");
  });

  it("that are none are refused, as are cut ones", async () => {
    await expect(inspectArchive(Buffer.from("no archive"))).rejects.toThrow(ArchiveError);
    await expect(inspectArchive(Buffer.alloc(0))).rejects.toThrow(ArchiveError);
    const archive = await createArchive({ a: Buffer.alloc(50_000, "abc") });
    const broken = Buffer.from(archive);
    broken.fill(7, 40, 90);
    await expect(extractArchive(broken, directory, 100_000)).rejects.toThrow(ArchiveError);
  });
});

async function finish(zip: ZipFile): Promise<Buffer> {
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
