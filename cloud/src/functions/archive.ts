import { createWriteStream } from "node:fs";
import { chmod, mkdir, readdir, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, resolve, sep } from "node:path";
import { pipeline } from "node:stream/promises";
import { fromBuffer, type Entry, type ZipFile } from "yauzl";
import { ZipFile as ZipWriter } from "yazl";

/** A zip archive that is none, or that may not be unpacked. The message says why. */
export class ArchiveError extends Error {
  override name = "ArchiveError";
}

const FILE_TYPE = 0o170000;
const SYMBOLIC_LINK = 0o120000;
const UNIX = 3;
/** All entries of archives we write: the same content gives the same bytes, so the same CodeSha256. */
const WRITTEN_AT = new Date(Date.UTC(1980, 0, 1));

export interface ArchiveSummary {
  readonly files: readonly string[];
  /** Sum of the sizes that the archive says its files have. */
  readonly unpackedBytes: number;
}

/**
 * Looks through an archive without unpacking it.
 * @throws ArchiveError for what is no zip archive, names that lead out of it, and symbolic links
 */
export async function inspectArchive(archive: Buffer): Promise<ArchiveSummary> {
  const files: string[] = [];
  let unpackedBytes = 0;
  await eachEntry(archive, async (entry) => {
    if (!entry.fileName.endsWith("/")) files.push(entry.fileName);
    unpackedBytes += entry.uncompressedSize;
  });
  return { files, unpackedBytes };
}

/**
 * Unpacks an archive over a directory.
 * @param bytesMax how much may come out
 * @throws ArchiveError as `inspectArchive`, and for more than `bytesMax`
 */
export async function extractArchive(archive: Buffer, directory: string, bytesMax: number): Promise<void> {
  const root = resolve(directory);
  await mkdir(root, { recursive: true });
  let left = bytesMax;
  await eachEntry(archive, async (entry, zip) => {
    const path = resolve(root, entry.fileName);
    if (path !== root && !path.startsWith(root + sep))
      throw new ArchiveError(`${entry.fileName} leads out of the archive`);
    left -= entry.uncompressedSize;
    if (left < 0) throw new ArchiveError(`more than ${bytesMax} bytes come out of the archive`);
    if (entry.fileName.endsWith("/")) {
      await mkdir(path, { recursive: true });
      return;
    }
    await mkdir(dirname(path), { recursive: true });
    await pipeline(await open(zip, entry), createWriteStream(path));
    if ((unixMode(entry) & 0o111) !== 0) await chmod(path, 0o755);
  });
}

/**
 * Writes an archive of texts or bytes by file name.
 * @param executables names of the files that may be run
 */
export async function createArchive(
  files: Readonly<Record<string, string | Uint8Array>>,
  executables: ReadonlySet<string> = new Set(),
): Promise<Buffer> {
  const zip = new ZipWriter();
  for (const [name, content] of Object.entries(files)) {
    const mode = executables.has(name) ? 0o100755 : 0o100644;
    zip.addBuffer(Buffer.from(content as Uint8Array), name, { mtime: WRITTEN_AT, mode });
  }
  zip.end();
  const chunks: Buffer[] = [];
  for await (const chunk of zip.outputStream) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/** Writes an archive of all files of a directory; what links lead to is written in their place. */
export async function archiveDirectory(directory: string): Promise<Buffer> {
  const files: Record<string, Uint8Array> = {};
  const executables = new Set<string>();
  const names = await readdir(directory, { recursive: true });
  for (const name of names.sort()) {
    const path = join(directory, name);
    const found = await stat(path).catch(() => undefined);
    if (!found?.isFile()) continue;
    const inside = relative(directory, path).split(sep).join("/");
    files[inside] = await readFile(path);
    if ((found.mode & 0o111) !== 0) executables.add(inside);
  }
  return createArchive(files, executables);
}

/** Visits the entries one after the other. */
async function eachEntry(archive: Buffer, visit: (entry: Entry, zip: ZipFile) => Promise<void>): Promise<void> {
  const zip = await new Promise<ZipFile>((opened, failed) => {
    // The library checks names itself: no absolute ones, none with "..", no backslashes.
    fromBuffer(archive, { lazyEntries: true, strictFileNames: true }, (error, file) =>
      error ? failed(new ArchiveError(error.message)) : opened(file),
    );
  });
  await new Promise<void>((done, failed) => {
    const fail = (error: unknown) => failed(error instanceof ArchiveError ? error : new ArchiveError(String(error)));
    zip.on("error", fail);
    zip.on("end", done);
    zip.on("entry", (entry: Entry) => {
      if ((unixMode(entry) & FILE_TYPE) === SYMBOLIC_LINK)
        fail(new ArchiveError(`${entry.fileName} is a symbolic link`));
      else visit(entry, zip).then(() => zip.readEntry(), fail);
    });
    zip.readEntry();
  });
}

function open(zip: ZipFile, entry: Entry): Promise<NodeJS.ReadableStream> {
  return new Promise((opened, failed) =>
    zip.openReadStream(entry, (error, stream) => (error ? failed(error) : opened(stream))),
  );
}

function unixMode(entry: Entry): number {
  return entry.versionMadeBy >> 8 === UNIX ? entry.externalFileAttributes >>> 16 : 0;
}
