import { Readable } from "node:stream";
import busboy from "busboy";
import { AwsError } from "../../aws/error.ts";
import { invalidArgument } from "./errors.ts";

/** Reading a browser's form upload: its fields, then its file. AWS: "POST Object". */

/** AWS: most bytes of all that stands before the file. */
const FIELDS_BYTES_MAX = 20_480;

export interface Form {
  /** By lower-case name, `${filename}` replaced. */
  readonly fields: ReadonlyMap<string, string>;
  /** Ends only where the whole form was well-formed. */
  readonly file: AsyncIterable<Uint8Array>;
}

interface File {
  readonly content: AsyncIterable<Uint8Array>;
  readonly name: string;
}

/**
 * Reads a form up to its file.
 * @param stream body of the request
 * @throws AwsError MalformedPOSTRequest, MaxPostPreDataLengthExceeded, InvalidArgument; those and IncompleteBody while
 *   the file is read too
 */
export function readForm(stream: Readable, contentType: string): Promise<Form> {
  return new FormReader(stream, contentType).read();
}

class FormReader {
  readonly #fields = new Map<string, string>();
  #bytes = 0;
  #files = 0;
  #hasEnded = false;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;

  constructor(
    private readonly stream: Readable,
    private readonly contentType: string,
  ) {}

  async read(): Promise<Form> {
    const file = await this.#findFile();
    const filename = /[^/\\]*$/.exec(file.name)?.[0] ?? "";
    const fields = [...this.#fields].map(([name, value]) => [name, value.replaceAll("${filename}", filename)] as const);
    return { fields: new Map(fields), file: this.#whole(file.content) };
  }

  #findFile(): Promise<File> {
    return new Promise((resolve, reject) => {
      const fail = (error: Error) => {
        this.#failure ??= error;
        this.#wake?.();
        reject(this.#failure);
        this.stream.destroy();
      };
      let parser: busboy.Busboy;
      try {
        parser = busboy({
          headers: { "content-type": this.contentType },
          defParamCharset: "utf8",
          limits: { fieldSize: FIELDS_BYTES_MAX },
        });
      } catch {
        fail(malformed());
        return;
      }
      parser.on("field", (name, value, { valueTruncated }) => {
        if (this.#files > 0) return;
        this.#bytes += Buffer.byteLength(name) + Buffer.byteLength(value);
        if (valueTruncated || this.#bytes > FIELDS_BYTES_MAX) fail(tooMuchBeforeFile());
        this.#fields.set(name.toLowerCase(), value);
      });
      parser.on("file", (_, content, { filename }) => {
        this.#files += 1;
        // Whoever reads the file is told by `#failure`.
        content.on("error", () => {});
        if (this.#files === 1) resolve({ content, name: filename ?? "" });
        else content.resume();
      });
      parser.on("close", () => {
        this.#hasEnded = true;
        this.#wake?.();
        if (this.#files > 0) return;
        // AWS: the file may be a plain field.
        const text = this.#fields.get("file");
        if (text === undefined) reject(notOneFile(0));
        else resolve({ content: Readable.from([Buffer.from(text)]), name: "" });
      });
      parser.on("error", () => fail(malformed()));
      this.stream.on("error", fail);
      this.stream.pipe(parser);
    });
  }

  /** The bytes of the file; what follows it is read before the last of them counts. */
  async *#whole(content: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    try {
      yield* content;
    } catch (cause) {
      throw this.#failure ?? cause;
    }
    if (!this.#hasEnded && !this.#failure) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#failure) throw this.#failure;
    if (this.#files > 1) throw notOneFile(this.#files);
  }
}

function malformed(): AwsError {
  return new AwsError("MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.", {
    status: 400,
  });
}

function tooMuchBeforeFile(): AwsError {
  return new AwsError(
    "MaxPostPreDataLengthExceeded",
    "Your POST request fields preceeding the upload file was too large.",
    { status: 400, members: { MaxPostPreDataLengthBytes: FIELDS_BYTES_MAX } },
  );
}

function notOneFile(count: number): AwsError {
  return invalidArgument("POST requires exactly one file upload per request.", "file", String(count));
}

const inputsOfForms = new WeakSet<object>();

/** Notes that an input of PutObject came in a form: events tell these apart. */
export function markAsForm(input: object): void {
  inputsOfForms.add(input);
}

export function cameInForm(input: object): boolean {
  return inputsOfForms.has(input);
}
