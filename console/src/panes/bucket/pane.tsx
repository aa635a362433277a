import { useEffect, useMemo, useState } from "react";
import { bytesOf, call, decodeBytes, read, type GraphNode } from "../../api.ts";
import { Empty, Failure, Field, Section, Show } from "../../components/parts.tsx";
import { formatBytes, formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

interface Listed {
  Contents?: { Key: string; Size: number; LastModified: string }[];
  IsTruncated?: boolean;
}

const UPLOAD_BYTES_MAX = 7 * 1024 * 1024;

export function BucketPane({ node }: { node: GraphNode }) {
  const words = useWords();
  const [Prefix, setPrefix] = useState("");
  const [key, setKey] = useState<string>();
  const loaded = useLoaded(
    () => read<Listed>("s3", "ListObjectsV2", { Bucket: node.physicalId, Prefix }),
    Prefix,
    3000,
  );
  const upload = useAction(async (file: File) => {
    if (file.size > UPLOAD_BYTES_MAX)
      throw new Error(`${file.name}: ${formatBytes(file.size)} > ${formatBytes(UPLOAD_BYTES_MAX)}`);
    const Body = bytesOf(new Uint8Array(await file.arrayBuffer()));
    await call("s3", "PutObject", {
      Bucket: node.physicalId,
      Key: Prefix + file.name,
      Body,
      ContentType: file.type || "application/octet-stream",
    });
    loaded.reload();
  });
  return (
    <>
      <Section title={words.bucket.objects}>
        <div className="row end">
          <Field label={words.bucket.prefix}>
            <input value={Prefix} onChange={({ target }) => setPrefix(target.value)} />
          </Field>
          <Field label={words.bucket.upload}>
            <input
              type="file"
              disabled={upload.isRunning}
              onChange={({ target }) => target.files?.[0] && void upload.run(target.files[0])}
            />
          </Field>
        </div>
        {upload.error && <Failure error={upload.error} />}
        <Show loaded={loaded}>
          {({ Contents = [] }) =>
            Contents.length === 0 ? (
              <Empty title={words.bucket.empty} />
            ) : (
              <div className="scroll tall" tabIndex={0} role="region" aria-label={words.bucket.objects}>
                <table>
                  <thead>
                    <tr>
                      <th>{words.bucket.key}</th>
                      <th className="number">{words.bucket.size}</th>
                      <th>{words.bucket.modified}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {Contents.map(({ Key, Size, LastModified }) => (
                      <tr key={Key}>
                        <td>
                          <button className="link" onClick={() => setKey(Key)}>
                            {Key}
                          </button>
                        </td>
                        <td className="number">{formatBytes(Size)}</td>
                        <td className="fit">{formatTime(Date.parse(LastModified))}</td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Show>
      </Section>
      {key !== undefined && (
        <Preview
          key={key}
          bucket={node.physicalId}
          objectKey={key}
          onRemoved={() => {
            setKey(undefined);
            loaded.reload();
          }}
        />
      )}
    </>
  );
}

/** Nothing of a bucket is ever a document of this origin: images as images, all else as text in a sandbox without rights. */
function Preview({ bucket, objectKey, onRemoved }: { bucket: string; objectKey: string; onRemoved: () => void }) {
  const words = useWords();
  const input = { Bucket: bucket, Key: objectKey };
  const loaded = useLoaded(() => read<{ Body: unknown; ContentType?: string }>("s3", "GetObject", input), objectKey);
  const remove = useAction(async () => {
    await call("s3", "DeleteObject", input);
    onRemoved();
  });
  return (
    <Section title={objectKey} aside={<button onClick={() => void remove.run()}>{words.bucket.remove}</button>}>
      {remove.error && <Failure error={remove.error} />}
      <Show loaded={loaded}>
        {({ Body, ContentType = "" }) => <Content name={objectKey} bytes={decodeBytes(Body)} type={ContentType} />}
      </Show>
    </Section>
  );
}

function Content({ name, bytes, type }: { name: string; bytes: Uint8Array<ArrayBuffer>; type: string }) {
  const words = useWords();
  const url = useMemo(() => URL.createObjectURL(new Blob([bytes], { type: "application/octet-stream" })), [bytes]);
  const isImage = /^image\/(png|jpeg|gif|webp|avif)/.test(type);
  const image = useMemo(
    () => (isImage ? URL.createObjectURL(new Blob([bytes], { type })) : undefined),
    [bytes, type, isImage],
  );
  useEffect(
    () => () => {
      URL.revokeObjectURL(url);
      if (image) URL.revokeObjectURL(image);
    },
    [url, image],
  );
  const isText =
    /^text\/|json|xml|javascript|csv|yaml/.test(type) || (type === "application/octet-stream" && bytes.length < 4096);
  return (
    <div className="preview">
      {image && <img src={image} alt={name} />}
      {!image && /html|svg/.test(type) && (
        <iframe className="sandbox" title={name} sandbox="" srcDoc={new TextDecoder().decode(bytes)} />
      )}
      {!image && isText && !/html|svg/.test(type) && (
        <pre className="inline break">{new TextDecoder().decode(bytes.slice(0, 100_000))}</pre>
      )}
      {!image && !isText && !/html|svg/.test(type) && <p className="muted">{words.bucket.noPreview}</p>}
      <p className="row" style={{ marginTop: 10 }}>
        <a className="button" href={url} download={name.split("/").at(-1)}>
          {words.bucket.download}
        </a>
        <span className="muted small">
          {type} · {formatBytes(bytes.length)} · {words.bucket.inSandbox}
        </span>
      </p>
    </div>
  );
}
