import { useState } from "react";
import { call, read, type GraphNode } from "../../api.ts";
import { Empty, Failure, Field, Json, Section, Show } from "../../components/parts.tsx";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

interface Subscription {
  SubscriptionArn: string;
  Protocol: string;
  Endpoint: string;
  attributes?: Record<string, string>;
}

export function TopicPane({ node }: { node: GraphNode }) {
  const words = useWords();
  const loaded = useLoaded(() => subscriptionsOf(node.id), node.id, 5000);
  return (
    <>
      <Publish topicArn={node.id} />
      <Section title={words.topic.subscriptions}>
        <Show loaded={loaded}>
          {(subscriptions) =>
            subscriptions.length === 0 ? (
              <Empty title={words.topic.none} />
            ) : (
              <div className="scroll" tabIndex={0} role="region" aria-label={words.topic.subscriptions}>
                <table>
                  <thead>
                    <tr>
                      <th>{words.topic.protocol}</th>
                      <th>{words.topic.endpoint}</th>
                      <th>{words.topic.filter}</th>
                    </tr>
                  </thead>
                  <tbody>
                    {subscriptions.map((each) => (
                      <tr key={`${each.SubscriptionArn} ${each.Endpoint}`}>
                        <td className="fit">{each.Protocol}</td>
                        <td>{each.attributes ? each.Endpoint : `${each.Endpoint} (${words.topic.pending})`}</td>
                        <td>
                          {each.attributes?.["FilterPolicy"] ? (
                            <Json value={each.attributes["FilterPolicy"]} label={words.topic.filter} />
                          ) : (
                            <span className="muted">{words.topic.noFilter}</span>
                          )}
                        </td>
                      </tr>
                    ))}
                  </tbody>
                </table>
              </div>
            )
          }
        </Show>
      </Section>
    </>
  );
}

/** Those that nobody has confirmed yet have no ARN, and no attributes. */
async function subscriptionsOf(TopicArn: string): Promise<Subscription[]> {
  const { Subscriptions = [] } = await read<{ Subscriptions?: Subscription[] }>("sns", "ListSubscriptionsByTopic", {
    TopicArn,
  });
  return Promise.all(
    Subscriptions.map(async (each) => {
      if (!each.SubscriptionArn.startsWith("arn:")) return each;
      const { Attributes } = await read<{ Attributes: Record<string, string> }>("sns", "GetSubscriptionAttributes", {
        SubscriptionArn: each.SubscriptionArn,
      });
      return { ...each, attributes: Attributes };
    }),
  );
}

function Publish({ topicArn }: { topicArn: string }) {
  const words = useWords();
  const isFifo = topicArn.endsWith(".fifo");
  const [subject, setSubject] = useState("");
  const [message, setMessage] = useState('{"hello":"world"}');
  const [group, setGroup] = useState("1");
  const [attributes, setAttributes] = useState("");
  const publish = useAction(() =>
    call<{ MessageId: string }>("sns", "Publish", {
      TopicArn: topicArn,
      Message: message,
      ...(subject === "" ? {} : { Subject: subject }),
      ...(attributes.trim() === "" ? {} : { MessageAttributes: attributesIn(attributes) }),
      ...(isFifo ? { MessageGroupId: group, MessageDeduplicationId: crypto.randomUUID() } : {}),
    }),
  );
  return (
    <Section title={words.topic.publish}>
      <Field label={words.topic.message}>
        <textarea value={message} spellCheck={false} onChange={({ target }) => setMessage(target.value)} />
      </Field>
      <div className="row end">
        <Field label={words.topic.subject}>
          <input value={subject} onChange={({ target }) => setSubject(target.value)} />
        </Field>
        <Field label={words.topic.attributes}>
          <input
            value={attributes}
            placeholder="kind=order, region=tokyo"
            onChange={({ target }) => setAttributes(target.value)}
          />
        </Field>
        {isFifo && (
          <Field label={words.queue.group}>
            <input value={group} onChange={({ target }) => setGroup(target.value)} />
          </Field>
        )}
        <button className="primary" disabled={publish.isRunning} onClick={() => void publish.run()}>
          {words.topic.publish}
        </button>
      </div>
      {publish.error && <Failure error={publish.error} />}
      {publish.result && (
        <p role="status">
          {words.topic.sent} <code className="muted">{publish.result.MessageId}</code>
        </p>
      )}
    </Section>
  );
}

/** `name=value, name=value`: texts all of them. */
function attributesIn(text: string): Record<string, { DataType: "String"; StringValue: string }> {
  const pairs = text.split(",").map((pair) => {
    const [name = "", ...value] = pair.split("=");
    return [name.trim(), { DataType: "String" as const, StringValue: value.join("=").trim() }] as const;
  });
  return Object.fromEntries(pairs);
}
