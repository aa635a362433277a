import { useState } from "react";
import { call, read, view, type GraphNode } from "../../api.ts";
import { Badge, Empty, Facts, Failure, Field, Json, Section, Show } from "../../components/parts.tsx";
import { formatTime } from "../../format.ts";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

interface Message {
  id: string;
  body: string;
  sentMs: number;
  status: "visible" | "inFlight" | "delayed";
  visibleMs?: number;
  receives: number;
  groupId?: string;
  attributes?: Record<string, { type: string; value: unknown }>;
}

interface Queue {
  attributes: Record<string, string>;
  /** URLs of the queues whose dead letters come here. */
  sources: string[];
}

const TONES = { visible: "good", inFlight: "busy", delayed: "plain" } as const;
const REFRESH_MS = 2000;

export function QueuePane({ node }: { node: GraphNode }) {
  const words = useWords();
  const QueueUrl = node.physicalId;
  const queue = useLoaded<Queue>(
    async () => {
      const [{ Attributes }, { queueUrls }] = await Promise.all([
        read<{ Attributes: Queue["attributes"] }>("sqs", "GetQueueAttributes", { QueueUrl, AttributeNames: ["All"] }),
        read<{ queueUrls: string[] }>("sqs", "ListDeadLetterSourceQueues", { QueueUrl }),
      ]);
      return { attributes: Attributes, sources: queueUrls };
    },
    node.id,
    REFRESH_MS,
  );
  const messages = useLoaded(() => view<{ messages: Message[] }>("sqs", "messages", node.id), node.id, REFRESH_MS);
  const reload = () => {
    queue.reload();
    messages.reload();
  };
  return (
    <>
      <div className="columns">
        <Send queueUrl={QueueUrl} isFifo={node.id.endsWith(".fifo")} onSent={reload} />
        <Section title={words.panes.facts}>
          <Show loaded={queue}>{(found) => <QueueFacts queue={found} />}</Show>
        </Section>
      </div>
      {queue.value && queue.value.sources.length > 0 && <Redrive node={node} queue={queue.value} onMoved={reload} />}
      <Section title={words.queue.peek} aside={<Purge queueUrl={QueueUrl} onPurged={reload} />}>
        <p className="muted small">{words.queue.peekHow}</p>
        <Show loaded={messages}>
          {(found) =>
            found.messages.length === 0 ? (
              <Empty title={words.queue.empty} />
            ) : (
              <ul className="events">
                {found.messages.map((message) => (
                  <OneMessage key={message.id} message={message} />
                ))}
              </ul>
            )
          }
        </Show>
      </Section>
    </>
  );
}

function QueueFacts({ queue: { attributes, sources } }: { queue: Queue }) {
  const words = useWords();
  const redrive = JSON.parse(attributes["RedrivePolicy"] ?? "{}") as {
    deadLetterTargetArn?: string;
    maxReceiveCount?: number;
  };
  return (
    <Facts
      of={[
        [words.queue.visible, attributes["ApproximateNumberOfMessages"]],
        [words.queue.inFlight, attributes["ApproximateNumberOfMessagesNotVisible"]],
        [words.queue.delayed, attributes["ApproximateNumberOfMessagesDelayed"]],
        [words.queue.timeout, words.seconds(Number(attributes["VisibilityTimeout"]))],
        [words.queue.retention, words.days(Number(attributes["MessageRetentionPeriod"]) / 86_400)],
        ...(redrive.deadLetterTargetArn === undefined
          ? []
          : [
              [
                words.queue.deadLetters,
                <>
                  <ArnLink arn={redrive.deadLetterTargetArn} />{" "}
                  <span className="muted">{words.queue.after(redrive.maxReceiveCount ?? 0)}</span>
                </>,
              ] as const,
            ]),
        ...(sources.length === 0 ? [] : [[words.queue.sources, sources.map(nameOf).join(", ")] as const]),
      ]}
    />
  );
}

function ArnLink({ arn }: { arn: string }) {
  return <a href={`#/resources/${encodeURIComponent(arn)}`}>{arn.split(":").at(-1)}</a>;
}

const nameOf = (url: string) => url.split("/").at(-1);

function OneMessage({ message }: { message: Message }) {
  const words = useWords();
  const { id, body, sentMs, status, visibleMs, receives, groupId, attributes } = message;
  return (
    <li>
      <details>
        <summary>
          <span className="mono">{formatTime(sentMs)}</span>
          <Badge tone={TONES[status]}>{words.queue[status]}</Badge>
          <span className="muted">{words.queue.received(receives)}</span>
          <span className="mono brief">{body}</span>
        </summary>
        <Json value={body} label={words.queue.body} />
        <Facts
          of={[
            ["Message ID", id],
            ...(visibleMs === undefined ? [] : [[words.queue.until, formatTime(visibleMs)] as const]),
            ...(groupId === undefined ? [] : [[words.queue.group, groupId] as const]),
            ...Object.entries(attributes ?? {}).map(([name, { value }]) => [name, String(value)] as const),
          ]}
        />
      </details>
    </li>
  );
}

function Send({ queueUrl, isFifo, onSent }: { queueUrl: string; isFifo: boolean; onSent: () => void }) {
  const words = useWords();
  const [body, setBody] = useState('{"hello":"world"}');
  const [group, setGroup] = useState("1");
  const [delay, setDelay] = useState("");
  const send = useAction(async () => {
    const answer = await call<{ MessageId: string }>("sqs", "SendMessage", {
      QueueUrl: queueUrl,
      MessageBody: body,
      ...(isFifo ? { MessageGroupId: group, MessageDeduplicationId: crypto.randomUUID() } : {}),
      ...(!isFifo && delay !== "" ? { DelaySeconds: Number(delay) } : {}),
    });
    onSent();
    return answer;
  });
  return (
    <Section title={words.queue.send}>
      <Field label={words.queue.body}>
        <textarea value={body} spellCheck={false} onChange={({ target }) => setBody(target.value)} />
      </Field>
      <div className="row end">
        {isFifo ? (
          <Field label={words.queue.group}>
            <input value={group} onChange={({ target }) => setGroup(target.value)} />
          </Field>
        ) : (
          <Field label={words.queue.delay}>
            <input
              type="number"
              min="0"
              max="900"
              placeholder="0"
              value={delay}
              onChange={({ target }) => setDelay(target.value)}
            />
          </Field>
        )}
        <button className="primary" disabled={send.isRunning} onClick={() => void send.run()}>
          {words.http.send}
        </button>
      </div>
      {send.error && <Failure error={send.error} />}
      {send.result && (
        <p role="status">
          {words.queue.sent} <code className="muted">{send.result.MessageId}</code>
        </p>
      )}
    </Section>
  );
}

interface MoveTask {
  Status: string;
  ApproximateNumberOfMessagesMoved?: number;
  ApproximateNumberOfMessagesToMove?: number;
  FailureReason?: string;
}

/** Back to where the dead letters came from. */
function Redrive({ node, queue, onMoved }: { node: GraphNode; queue: Queue; onMoved: () => void }) {
  const words = useWords();
  const SourceArn = node.id;
  const tasks = useLoaded(
    () => read<{ Results?: MoveTask[] }>("sqs", "ListMessageMoveTasks", { SourceArn, MaxResults: 5 }),
    node.id,
    REFRESH_MS,
  );
  const redrive = useAction(async () => {
    await call("sqs", "StartMessageMoveTask", { SourceArn });
    tasks.reload();
    onMoved();
    return true;
  });
  const isEmpty = queue.attributes["ApproximateNumberOfMessages"] === "0";
  return (
    <Section
      title={words.queue.redriveTitle}
      aside={
        <button className="primary" disabled={redrive.isRunning || isEmpty} onClick={() => void redrive.run()}>
          {words.queue.redrive}
        </button>
      }
    >
      <p className="muted">{words.queue.redriveHow(queue.sources.map(nameOf).join(", "))}</p>
      {redrive.error && <Failure error={redrive.error} />}
      {redrive.result && <p role="status">{words.queue.redriven}</p>}
      <ul className="plain">
        {tasks.value?.Results?.map((task, index) => (
          <li key={index} className="row">
            <Badge tone={task.Status === "COMPLETED" ? "good" : task.Status === "FAILED" ? "bad" : "busy"}>
              {task.Status}
            </Badge>
            {words.queue.moved(task.ApproximateNumberOfMessagesMoved ?? 0, task.ApproximateNumberOfMessagesToMove ?? 0)}
            {task.FailureReason && <span className="muted">{task.FailureReason}</span>}
          </li>
        ))}
      </ul>
    </Section>
  );
}

function Purge({ queueUrl, onPurged }: { queueUrl: string; onPurged: () => void }) {
  const words = useWords();
  const purge = useAction(async () => {
    await call("sqs", "PurgeQueue", { QueueUrl: queueUrl });
    onPurged();
  });
  return (
    <>
      <button disabled={purge.isRunning} onClick={() => void purge.run()}>
        {words.queue.purge}
      </button>
      {purge.error && <Failure error={purge.error} />}
    </>
  );
}
