import { useState } from "react";
import { call, read, type GraphNode } from "../../api.ts";
import { Empty, Failure, Field, Section, Show } from "../../components/parts.tsx";
import { useAction, useLoaded } from "../../hooks.ts";
import { useWords } from "../../preferences.ts";

type Value = Record<string, unknown>;
type Item = Record<string, Value>;

interface Key {
  AttributeName: string;
  KeyType: "HASH" | "RANGE";
}

interface Table {
  KeySchema: Key[];
  AttributeDefinitions: { AttributeName: string; AttributeType: string }[];
  GlobalSecondaryIndexes?: { IndexName: string; KeySchema: Key[] }[];
  LocalSecondaryIndexes?: { IndexName: string; KeySchema: Key[] }[];
}

interface Asked {
  index: string;
  partition: string;
  sort: string;
}

const PAGE = 50;

export function TablePane({ node }: { node: GraphNode }) {
  const table = useLoaded(
    async () => (await read<{ Table: Table }>("dynamodb", "DescribeTable", { TableName: node.physicalId })).Table,
    node.id,
  );
  return <Show loaded={table}>{(description) => <Items node={node} table={description} />}</Show>;
}

function Items({ node, table }: { node: GraphNode; table: Table }) {
  const words = useWords();
  const [asked, setAsked] = useState<Asked>({ index: "", partition: "", sort: "" });
  const [limit, setLimit] = useState(PAGE);
  const [edited, setEdited] = useState<string>();
  const loaded = useLoaded(() => find(node, table, asked, limit), `${JSON.stringify(asked)} ${limit}`);
  return (
    <>
      <Section title={words.table.browse}>
        <Ask table={table} onAsk={setAsked} />
      </Section>
      {edited !== undefined && (
        <Editor
          key={edited}
          node={node}
          table={table}
          text={edited}
          onDone={() => {
            setEdited(undefined);
            loaded.reload();
          }}
        />
      )}
      <Section
        title={words.table.items}
        aside={
          <span className="row">
            <button onClick={() => setEdited(JSON.stringify(emptyItem(table), null, 2))}>{words.table.add}</button>
            <button onClick={loaded.reload}>{words.reload}</button>
          </span>
        }
      >
        <Show loaded={loaded}>
          {({ items, hasMore }) =>
            items.length === 0 ? (
              <Empty title={asked.partition === "" ? words.table.empty : words.table.noMatch} />
            ) : (
              <>
                <ItemTable items={items} table={table} onEdit={(item) => setEdited(JSON.stringify(item, null, 2))} />
                <p className="row">
                  <span className="muted">{words.table.count(items.length)}</span>
                  {hasMore && <button onClick={() => setLimit(limit + PAGE)}>{words.more}</button>}
                </p>
              </>
            )
          }
        </Show>
      </Section>
    </>
  );
}

function Ask({ table, onAsk }: { table: Table; onAsk: (asked: Asked) => void }) {
  const words = useWords();
  const [asked, setAsked] = useState<Asked>({ index: "", partition: "", sort: "" });
  const change = (part: Partial<Asked>) => setAsked({ ...asked, ...part });
  const [partition, sort] = keysOf(table, asked.index);
  return (
    <form
      className="row end"
      onSubmit={(event) => {
        event.preventDefault();
        onAsk(asked);
      }}
    >
      <Field label={words.table.index}>
        <select value={asked.index} onChange={({ target }) => change({ index: target.value })}>
          <option value="">{words.kinds["table"]}</option>
          {indexesOf(table).map(({ IndexName }) => (
            <option key={IndexName}>{IndexName}</option>
          ))}
        </select>
      </Field>
      <Field label={`${words.table.partition}: ${partition}`}>
        <input value={asked.partition} onChange={({ target }) => change({ partition: target.value })} />
      </Field>
      {sort && (
        <Field label={`${words.table.sort}: ${sort}`}>
          <input value={asked.sort} onChange={({ target }) => change({ sort: target.value })} />
        </Field>
      )}
      <button className="primary">{asked.partition === "" ? words.table.scan : words.table.query}</button>
    </form>
  );
}

function ItemTable({ items, table, onEdit }: { items: readonly Item[]; table: Table; onEdit: (item: Item) => void }) {
  const words = useWords();
  const keys = table.KeySchema.map(({ AttributeName }) => AttributeName);
  const columns = [...new Set([...keys, ...items.flatMap((item) => Object.keys(item))])];
  return (
    <div className="scroll tall" tabIndex={0} role="region" aria-label={words.table.items}>
      <table className="items">
        <thead>
          <tr>
            {columns.map((column) => (
              <th key={column}>{column}</th>
            ))}
            <td />
          </tr>
        </thead>
        <tbody>
          {items.map((item) => (
            <tr key={JSON.stringify(keys.map((key) => item[key]))}>
              {columns.map((column) => (
                <td key={column}>{shown(item[column])}</td>
              ))}
              <td className="fit">
                <button onClick={() => onEdit(item)}>{words.table.edit}</button>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Editor({
  node,
  table,
  text: given,
  onDone,
}: {
  node: GraphNode;
  table: Table;
  text: string;
  onDone: () => void;
}) {
  const words = useWords();
  const [text, setText] = useState(given);
  const save = useAction(async () => {
    await call("dynamodb", "PutItem", { TableName: node.physicalId, Item: JSON.parse(text) as Item });
    onDone();
  });
  const remove = useAction(async () => {
    const item = JSON.parse(given) as Item;
    const Key = Object.fromEntries(table.KeySchema.map(({ AttributeName }) => [AttributeName, item[AttributeName]]));
    await call("dynamodb", "DeleteItem", { TableName: node.physicalId, Key });
    onDone();
  });
  const error = save.error ?? remove.error;
  return (
    <Section title={words.table.edit}>
      <Field label={words.table.json}>
        <textarea value={text} rows={12} spellCheck={false} onChange={({ target }) => setText(target.value)} />
      </Field>
      {error && <Failure error={error} />}
      <p className="row">
        <button className="primary" disabled={save.isRunning} onClick={() => void save.run()}>
          {words.table.save}
        </button>
        <button onClick={() => void remove.run()}>{words.table.remove}</button>
        <button onClick={onDone}>{words.close}</button>
      </p>
    </Section>
  );
}

function indexesOf(table: Table) {
  return [...(table.GlobalSecondaryIndexes ?? []), ...(table.LocalSecondaryIndexes ?? [])];
}

function keysOf(table: Table, index: string): [string, string | undefined] {
  const schema = indexesOf(table).find(({ IndexName }) => IndexName === index)?.KeySchema ?? table.KeySchema;
  const name = (type: string) => schema.find(({ KeyType }) => KeyType === type)?.AttributeName;
  return [name("HASH")!, name("RANGE")];
}

function typed(table: Table, name: string, text: string): Value {
  const type = table.AttributeDefinitions.find(({ AttributeName }) => AttributeName === name)?.AttributeType ?? "S";
  return { [type]: text };
}

async function find(node: GraphNode, table: Table, asked: Asked, Limit: number) {
  const common = { TableName: node.physicalId, Limit, ...(asked.index && { IndexName: asked.index }) };
  const [partition, sort] = keysOf(table, asked.index);
  const bySort = sort !== undefined && asked.sort !== "";
  const answer =
    asked.partition === ""
      ? read<{ Items: Item[]; LastEvaluatedKey?: Item }>("dynamodb", "Scan", common)
      : read<{ Items: Item[]; LastEvaluatedKey?: Item }>("dynamodb", "Query", {
          ...common,
          KeyConditionExpression: bySort ? "#p = :p AND #s = :s" : "#p = :p",
          ExpressionAttributeNames: { "#p": partition, ...(bySort && { "#s": sort }) },
          ExpressionAttributeValues: {
            ":p": typed(table, partition, asked.partition),
            ...(bySort && { ":s": typed(table, sort, asked.sort) }),
          },
        });
  const { Items: items, LastEvaluatedKey } = await answer;
  return { items, hasMore: LastEvaluatedKey !== undefined };
}

function emptyItem(table: Table): Item {
  return Object.fromEntries(
    table.KeySchema.map(({ AttributeName }) => [AttributeName, typed(table, AttributeName, "")]),
  );
}

const SHOWN_MAX = 80;

function shown(value: Value | undefined): string {
  if (value === undefined) return "";
  const [type, inner] = Object.entries(value)[0] ?? [];
  const text = type === "S" || type === "N" ? String(inner) : JSON.stringify(inner);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
}
