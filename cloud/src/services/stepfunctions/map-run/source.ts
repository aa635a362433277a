/** Reads the objects that a Map Run's items are in, as the machine's role. */
import { createGunzip } from "node:zlib";
import { Readable } from "node:stream";
import { AwsError } from "../../../aws/error.ts";
import type { Scope } from "../../../aws/scope.ts";
import type { Principal } from "../../../iam/principal.ts";
import type { JsonObject } from "../../../engines/asl/json.ts";
import type { ServiceContext } from "../../../service.ts";
import { readerFailed } from "./failure.ts";

export interface ObjectName {
  readonly Bucket: string;
  readonly Key: string;
  readonly VersionId?: string;
}

export class Source {
  constructor(
    private readonly cx: ServiceContext<unknown>,
    private readonly as: Principal,
    private readonly scope: Scope,
  ) {}

  /**
   * The bytes of an object, unpacked where they are gzip.
   * @throws StatesError `States.ItemReaderFailed`
   */
  async *bytes(name: ObjectName): AsyncGenerator<Uint8Array> {
    const body = await this.#get(name);
    const chunks = body[Symbol.asyncIterator]();
    const first = await chunks.next();
    if (first.done) return;
    const all = (async function* () {
      yield first.value;
      for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
    })();
    const zipped = first.value[0] === 0x1f && first.value[1] === 0x8b;
    try {
      yield* zipped ? (Readable.from(all).pipe(createGunzip()) as AsyncIterable<Uint8Array>) : all;
    } finally {
      await chunks.return?.();
    }
  }

  /** All bytes of a small object. @throws StatesError `States.ItemReaderFailed` */
  async text(name: ObjectName): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.bytes(name)) chunks.push(chunk);
    return Buffer.concat(chunks).toString("utf8");
  }

  async size(name: ObjectName): Promise<number> {
    const { ContentLength = 0 } = await this.#told(() => this.cx.call("s3", "HeadObject", name, this.#options()));
    return ContentLength;
  }

  /** @param end not included */
  async slice(name: ObjectName, start: number, end: number): Promise<ArrayBuffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of await this.#get({ ...name, Range: `bytes=${start}-${end - 1}` })) chunks.push(chunk);
    const whole = Buffer.concat(chunks);
    return whole.buffer.slice(whole.byteOffset, whole.byteOffset + whole.byteLength) as ArrayBuffer;
  }

  /** What ListObjectsV2 tells of each object, page by page. @throws StatesError `States.ItemReaderFailed` */
  async *list(parameters: JsonObject): AsyncGenerator<JsonObject> {
    let ContinuationToken: string | undefined;
    do {
      const input = { ...parameters, ...(ContinuationToken === undefined ? {} : { ContinuationToken }) };
      const page = await this.#told(() =>
        this.cx.call("s3", "ListObjectsV2", input as { Bucket: string }, this.#options()),
      );
      for (const { ETag, Key, LastModified, Size, StorageClass } of page.Contents ?? [])
        yield {
          Etag: ETag ?? "",
          Key: Key ?? "",
          LastModified: Math.floor((LastModified?.getTime() ?? 0) / 1000),
          Size: Size ?? 0,
          StorageClass: StorageClass ?? "STANDARD",
        };
      ContinuationToken = page.NextContinuationToken;
    } while (ContinuationToken !== undefined);
  }

  async #get(input: ObjectName & { Range?: string }): Promise<AsyncIterable<Uint8Array>> {
    const { Body } = await this.#told(() => this.cx.call("s3", "GetObject", input, this.#options()));
    const body = Body as unknown as Uint8Array | AsyncIterable<Uint8Array>;
    return body instanceof Uint8Array ? Readable.from([body]) : body;
  }

  #options() {
    return { as: this.as, scope: this.scope };
  }

  async #told<T>(call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      const { status = 400 } = error;
      throw readerFailed(`${error.message} (Service: S3, Status Code: ${status})`);
    }
  }
}
