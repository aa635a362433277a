import { useState } from "react";
import { call } from "../../api.ts";
import { Failure, Field, Section } from "../../components/parts.tsx";
import { useAction } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";
import { sampleOf } from "./sample.ts";

interface Answer {
  Entries: { EventId?: string; ErrorCode?: string; ErrorMessage?: string }[];
}

/** @param pattern of a rule: the event begins as one that matches it */
export function PutEvent({ bus, pattern }: { bus: string; pattern?: string | undefined }) {
  const words = useWords();
  const [sample] = useState(() => sampleOf(pattern));
  const [source, setSource] = useState(sample.source);
  const [detailType, setDetailType] = useState(sample.detailType);
  const [detail, setDetail] = useState(sample.detail);
  const put = useAction(async () => {
    const Entries = [{ EventBusName: bus, Source: source, DetailType: detailType, Detail: detail }];
    const [entry] = (await call<Answer>("events", "PutEvents", { Entries })).Entries;
    if (entry?.ErrorCode) throw new Error(`${entry.ErrorCode}: ${entry.ErrorMessage}`);
    return entry;
  });
  return (
    <Section title={words.bus.put}>
      <div className="row">
        <Field label={words.bus.source}>
          <input value={source} onChange={({ target }) => setSource(target.value)} />
        </Field>
        <Field label={words.bus.detailType}>
          <input value={detailType} onChange={({ target }) => setDetailType(target.value)} />
        </Field>
      </div>
      <Field label={words.bus.detail}>
        <textarea value={detail} spellCheck={false} onChange={({ target }) => setDetail(target.value)} />
      </Field>
      <button className="primary" disabled={put.isRunning} onClick={() => void put.run()}>
        {words.bus.put}
      </button>
      {put.error && <Failure error={put.error} />}
      {put.result && (
        <p role="status">
          {words.bus.sent} <code className="muted">{put.result.EventId}</code>
        </p>
      )}
    </Section>
  );
}
