import { get } from "../api.ts";
import { Empty, Facts, Head, Section, Show } from "../components/parts.tsx";
import { formatTime } from "../format.ts";
import { useLoaded } from "../hooks.ts";
import { useWords } from "../preferences.ts";

interface Summary {
  id: string;
  from: string;
  to: string[];
  subject: string;
  receivedMs?: number;
}

interface Mail extends Summary {
  text?: string;
  html?: string;
}

export function Inbox({ id }: { id: string }) {
  const words = useWords();
  const loaded = useLoaded(() => get<{ messages: Summary[] }>("/api/inbox"), "inbox", 2000);
  return (
    <>
      <Head title={words.inbox.title} />
      <Show loaded={loaded}>
        {({ messages }) =>
          messages.length === 0 ? (
            <Empty title={words.inbox.empty}>{words.inbox.emptyHow}</Empty>
          ) : (
            <div className="two">
              <ul className="choose card">
                {messages.toReversed().map((mail) => (
                  <li key={mail.id}>
                    <a
                      href={`#/inbox/${encodeURIComponent(mail.id)}`}
                      aria-current={mail.id === id ? "true" : undefined}
                    >
                      <span>
                        {mail.subject}
                        <small>{String(mail.to)}</small>
                      </span>
                    </a>
                  </li>
                ))}
              </ul>
              {id === "" ? <Empty title={words.inbox.choose} /> : <OneMail key={id} id={id} />}
            </div>
          )
        }
      </Show>
    </>
  );
}

function OneMail({ id }: { id: string }) {
  const words = useWords();
  const loaded = useLoaded(() => get<Mail>(`/api/inbox/message?id=${encodeURIComponent(id)}`), id);
  return (
    <Show loaded={loaded}>
      {(mail) => (
        <Section title={mail.subject}>
          <Facts
            of={[
              [words.inbox.from, mail.from],
              [words.inbox.to, String(mail.to)],
              ...(mail.receivedMs === undefined ? [] : [[words.time.when, formatTime(mail.receivedMs)] as const]),
            ]}
          />
          {mail.html ? (
            <iframe className="sandbox" title={mail.subject} sandbox="" srcDoc={mail.html} />
          ) : (
            <pre className="inline">{mail.text}</pre>
          )}
          <Links text={`${mail.html ?? ""}\n${mail.text ?? ""}`} />
        </Section>
      )}
    </Show>
  );
}

/** Nothing in the sandbox can be followed, so the links stand below it. */
function Links({ text }: { text: string }) {
  const words = useWords();
  const links = [
    ...new Set([...text.matchAll(/https?:\/\/[^\s"'<>）」]+/g)].map(([link]) => link.replaceAll("&amp;", "&"))),
  ];
  if (links.length === 0) return null;
  return (
    <>
      <h3 style={{ marginTop: 14 }}>{words.inbox.links}</h3>
      <ul className="plain">
        {links.map((link) => (
          <li key={link}>
            <a href={link} target="_blank" rel="noreferrer" className="break">
              {link}
            </a>
          </li>
        ))}
      </ul>
    </>
  );
}
