import {
  BatchExecuteStatementCommand,
  ExecuteStatementCommand,
  ExecuteTransactionCommand,
  GetItemCommand,
  PutItemCommand,
  type TransactionCanceledException,
  type AttributeValue,
  type ExecuteStatementCommandInput,
} from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, it } from "vitest";
import { item, refused, startDynamo } from "./test-dynamodb.ts";

const { client, makeTable } = await startDynamo();
const INVALID = "One or more parameter values were invalid: ";
let table: string;

beforeAll(async () => {
  table = await makeTable("pk:S sk:N", {
    AttributeDefinitions: [
      { AttributeName: "pk", AttributeType: "S" },
      { AttributeName: "sk", AttributeType: "N" },
      { AttributeName: "g", AttributeType: "S" },
      { AttributeName: "l", AttributeType: "N" },
    ],
    GlobalSecondaryIndexes: [
      {
        IndexName: "by-g",
        KeySchema: [{ AttributeName: "g", KeyType: "HASH" }],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
    LocalSecondaryIndexes: [
      {
        IndexName: "by-l",
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "l", KeyType: "RANGE" },
        ],
        Projection: { ProjectionType: "KEYS_ONLY" },
      },
    ],
  });
});

const put = (Item: Record<string, AttributeValue>) => client.send(new PutItemCommand({ TableName: table, Item }));
const get = async (pk: string, sk = 1) =>
  (await client.send(new GetItemCommand({ TableName: table, Key: item({ pk, sk }) }))).Item;
const run = (statement: string, Parameters?: AttributeValue[], extra: Partial<ExecuteStatementCommandInput> = {}) =>
  client.send(
    new ExecuteStatementCommand({
      Statement: statement.replace("TABLE", `"${table}"`),
      ...(Parameters ? { Parameters } : {}),
      ...extra,
    }),
  );

describe("INSERT", () => {
  it("puts values of every kind", async () => {
    await run(
      "INSERT INTO TABLE VALUE {'pk': 'ins', 'sk': 1, 't': 'it''s', 'n': -1.50, 'b': true, 'z': null, 'l': 7, 'list': [1, 'a'], 'm': {'x': ?}, 's': <<1, 2>>}",
      [{ S: "p" }],
    );
    expect(await get("ins")).toEqual({
      ...item({ pk: "ins", sk: 1, t: "it's", n: -1.5, b: true, z: null, l: 7 }),
      list: { L: [{ N: "1" }, { S: "a" }] },
      m: { M: { x: { S: "p" } } },
      s: { NS: ["1", "2"] },
    });
  });

  it("replaces nothing", async () => {
    await put(item({ pk: "dup", sk: 1, v: "old" }));
    await refused(
      run("INSERT INTO TABLE VALUE {'pk': 'dup', 'sk': 1}"),
      "DuplicateItemException",
      "Duplicate primary key exists in table",
    );
    expect(await get("dup")).toEqual(item({ pk: "dup", sk: 1, v: "old" }));
  });
});

describe("SELECT", () => {
  beforeAll(async () => {
    for (let sk = 1; sk <= 5; sk++)
      await put({
        ...item({ pk: "sel", sk, v: sk * 10, g: "group", l: -sk }),
        m: { M: { x: { L: [{ S: `x${sk}` }] } } },
      });
    await put(item({ pk: "sel2", sk: 1, v: null }));
  });
  const numbers = async (...args: Parameters<typeof run>) => (await run(...args)).Items!.map(({ sk }) => Number(sk!.N));

  it.each<[string, number[]]>([
    ["pk = 'sel'", [1, 2, 3, 4, 5]],
    ["pk = 'sel' AND sk BETWEEN 2 AND 3", [2, 3]],
    ["pk = 'sel' AND sk >= 4", [4, 5]],
    ["pk = 'sel' AND v > 20 AND NOT v = 40", [3, 5]],
    ["pk = 'sel' AND (v = 10 OR v = 50)", [1, 5]],
    ["pk = 'sel' AND v IN [10, 30]", [1, 3]],
    ["pk = 'sel' AND m.x[0] = 'x2'", [2]],
    ["pk = 'sel' AND contains(m.x, 'x3')", [3]],
    ["pk = 'sel' AND nothing IS MISSING AND sk < 3", [1, 2]],
    ["pk = 'sel2' AND v IS NULL", [1]],
    ["pk IN ['sel', 'sel2'] AND sk = 1", [1, 1]],
    ["pk = 'sel' ORDER BY sk DESC", [5, 4, 3, 2, 1]],
  ])("WHERE %s", async (where, expected) => {
    expect(await numbers(`SELECT * FROM TABLE WHERE ${where}`)).toEqual(expected);
  });

  it("answers paths under their last names", async () => {
    const { Items } = await run("SELECT pk, m.x FROM TABLE WHERE pk = 'sel' AND sk = ?", [{ N: "2" }]);
    expect(Items).toEqual([{ pk: { S: "sel" }, x: { L: [{ S: "x2" }] } }]);
  });

  it("goes on where it stopped, with the same statement only", async () => {
    const statement = "SELECT * FROM TABLE WHERE pk IN ['sel', 'sel2']";
    const seen: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = await run(statement, undefined, { Limit: 2, ...(NextToken === undefined ? {} : { NextToken }) });
      seen.push(...page.Items!.map(({ sk }) => Number(sk!.N)));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(seen).toEqual([1, 2, 3, 4, 5, 1]);
    const page = await run(statement, undefined, { Limit: 2 });
    await refused(
      run(statement.replace("sel2", "sel3"), undefined, { Limit: 2, NextToken: page.NextToken! }),
      "ValidationException",
      "Invalid NextToken",
    );
  });

  it("reads indexes", async () => {
    const of = (index: string) => `SELECT * FROM "${table}"."${index}"`;
    expect(
      (await run(`${of("by-g")} WHERE g = 'group'`)).Items!.map((each) => Object.keys(each).toSorted()),
    ).toContainEqual(["g", "pk", "sk"]);
    expect(await numbers(`${of("by-l")} WHERE pk = 'sel' AND l < -3`)).toEqual([5, 4]);
    const back = await run(`SELECT v FROM "${table}"."by-l" WHERE pk = 'sel' AND l = -2`);
    expect(back.Items).toEqual([item({ v: 20 })]);
    await refused(
      run(`${of("no-such")} WHERE pk = 'p'`),
      "ValidationException",
      "The table does not have the specified index",
    );
    await refused(
      run(`SELECT v FROM "${table}"."by-g" WHERE g = 'group'`),
      "ValidationException",
      `${INVALID}Global secondary index by-g does not project [v]`,
    );
    await refused(
      run(`${of("by-g")} WHERE g = 'group' AND v = 1`),
      "ValidationException",
      `${INVALID}Secondary index by-g does not project one or more filter attributes: [v]`,
    );
    await refused(
      run(`${of("by-g")} WHERE g = 'x'`, undefined, { ConsistentRead: true }),
      "ValidationException",
      "Strongly consistent read is not supported on Global Secondary Indexes",
    );
  });

  it.each<[string, string | RegExp]>([
    ["SELECTT * FROMM TABLE", "Statement wasn't well formed, can't be processed: Expected data manipulation"],
    [`SELECT * FROM "unterminated`, /^Statement wasn't well formed, can't be processed/],
    [`SELECT * FROM "" WHERE pk = 'p'`, "Path component cannot be an empty string"],
    [`SELECT * FROM "a"."b"."c"`, "A path may contain at most 2 components in the FROM clause"],
    ["SELECT * FROM TABLE WHERE pk = ?", "Number of parameters in request and statement don't match."],
    [
      "SELECT * FROM TABLE WHERE pk = 'x' AND v < true",
      "Incorrect operand type for operator or function; operator or function: <, operand type: BOOL",
    ],
    ["SELECT * FROM TABLE ORDER BY sk", "Must have WHERE clause in the statement when using ORDER BY clause."],
    [
      "SELECT * FROM TABLE WHERE pk = 'a' ORDER BY v",
      "Variable reference v in ORDER BY clause must be part of the primary key",
    ],
  ])("refuses %s", async (statement, message) => {
    await refused(run(statement), "ValidationException", message);
  });

  it("does not find a table that is not there", async () => {
    await refused(
      run(`SELECT * FROM "nowhere" WHERE pk = 'p'`),
      "ResourceNotFoundException",
      "Requested resource not found",
    );
  });
});

describe("UPDATE and DELETE", () => {
  it("change items that are there", async () => {
    await put({ ...item({ pk: "up", sk: 1, n: 1, gone: "x" }), l2: { L: [{ N: "1" }] }, s: { SS: ["a"] } });
    const { Items } = await run(
      "UPDATE TABLE SET n = n + 5 SET l2 = list_append(l2, [2]), s = set_add(s, <<'b'>>) REMOVE gone WHERE pk = 'up' AND sk = 1 AND n = 1 RETURNING ALL NEW *",
    );
    expect(Items).toEqual([
      { ...item({ pk: "up", sk: 1, n: 6 }), l2: { L: [{ N: "1" }, { N: "2" }] }, s: { SS: ["a", "b"] } },
    ]);
    expect((await run("UPDATE TABLE SET n = 7 WHERE pk = 'up' AND sk = 1 RETURNING MODIFIED OLD *")).Items).toEqual([
      item({ n: 6 }),
    ]);
    expect((await run("UPDATE TABLE SET n = 8 WHERE pk = 'up' AND sk = 1")).Items).toEqual([]);
    const failed = run("UPDATE TABLE SET n = 9 WHERE pk = 'up' AND sk = 1 AND n = 1");
    await refused(failed, "ConditionalCheckFailedException", "The conditional request failed");
    await refused(run("UPDATE TABLE SET n = 9 WHERE pk = 'missing' AND sk = 1"), "ConditionalCheckFailedException");
    expect(await get("missing")).toBeUndefined();
    expect((await run("DELETE FROM TABLE WHERE pk = 'up' AND sk = 1 RETURNING ALL OLD *")).Items).toMatchObject([
      item({ n: 8 }),
    ]);
    expect((await run("DELETE FROM TABLE WHERE pk = 'up' AND sk = 1 RETURNING ALL OLD *")).Items).toEqual([]);
  });

  it("need the whole key", async () => {
    const message = "Where clause does not contain a mandatory equality on all key attributes";
    await refused(run("UPDATE TABLE SET n = 9 WHERE pk = 'up'"), "ValidationException", message);
    await refused(run("DELETE FROM TABLE WHERE pk = 'up' AND sk > 1"), "ValidationException", message);
    await refused(
      run("DELETE FROM TABLE WHERE pk = 'x' AND sk = 1 RETURNING MODIFIED OLD *"),
      "ValidationException",
      "Invalid returning clause: RETURNING MODIFIED OLD *. Only RETURNING ALL OLD * is allowed in DELETE statements.",
    );
    await refused(
      run(`UPDATE "${table}"."by-g" SET n = 1 WHERE pk = 'x' AND sk = 1`),
      "ValidationException",
      "This operation is not supported on an index",
    );
  });
});

describe("BatchExecuteStatement", () => {
  it("runs each statement for itself", async () => {
    await put(item({ pk: "batch", sk: 1, v: 1 }));
    const { Responses } = await client.send(
      new BatchExecuteStatementCommand({
        Statements: [
          { Statement: `INSERT INTO "${table}" VALUE {'pk': 'batch', 'sk': 1}` },
          { Statement: `INSERT INTO "${table}" VALUE {'pk': 'batch', 'sk': 2}` },
          { Statement: `UPDATE "${table}" SET v = 2 WHERE pk = 'batch' AND sk = 1 RETURNING MODIFIED NEW *` },
          { Statement: `DELETE FROM "nowhere" WHERE pk = 'x'` },
        ],
      }),
    );
    expect(Responses).toEqual([
      { Error: { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" } },
      { TableName: table },
      { TableName: table, Item: item({ v: 2 }) },
      { Error: { Code: "ResourceNotFound", Message: "Requested resource not found" } },
    ]);
    const read = await client.send(
      new BatchExecuteStatementCommand({
        Statements: [
          { Statement: `SELECT v FROM "${table}" WHERE pk = 'batch' AND sk = 1` },
          { Statement: `SELECT * FROM "${table}" WHERE pk = 'batch'` },
        ],
      }),
    );
    expect(read.Responses).toEqual([
      { TableName: table, Item: item({ v: 2 }) },
      {
        Error: {
          Code: "ValidationError",
          Message: "Select statements within BatchExecuteStatement must specify the primary key in the where clause.",
        },
      },
    ]);
  });
});

describe("ExecuteTransaction", () => {
  const transact = (...statements: string[]) =>
    client.send(
      new ExecuteTransactionCommand({
        TransactStatements: statements.map((statement) => ({ Statement: statement.replace("TABLE", `"${table}"`) })),
      }),
    );

  it("does all statements or none", async () => {
    await put(item({ pk: "tx", sk: 1, v: 1 }));
    await transact(
      "EXISTS(SELECT * FROM TABLE WHERE pk = 'tx' AND sk = 1 AND v = 1)",
      "INSERT INTO TABLE VALUE {'pk': 'tx', 'sk': 2}",
    );
    expect(await get("tx", 2)).toEqual(item({ pk: "tx", sk: 2 }));
    const error = (await refused(
      transact("UPDATE TABLE SET v = 2 WHERE pk = 'tx' AND sk = 1", "INSERT INTO TABLE VALUE {'pk': 'tx', 'sk': 2}"),
      "TransactionCanceledException",
    )) as TransactionCanceledException;
    expect(error.CancellationReasons).toEqual([
      { Code: "None" },
      { Code: "DuplicateItem", Message: "Duplicate primary key exists in table" },
    ]);
    expect(await get("tx")).toEqual(item({ pk: "tx", sk: 1, v: 1 }));
    expect(
      (
        await transact(
          "SELECT v FROM TABLE WHERE pk = 'tx' AND sk = 1",
          "SELECT v FROM TABLE WHERE pk = 'tx' AND sk = 9",
        )
      ).Responses,
    ).toEqual([{ Item: item({ v: 1 }) }, {}]);
  });

  it("tells which statement it does not take", async () => {
    await refused(
      transact("UPDATE TABLE SET v = 'v' WHERE pk = 'x' AND sk = 1 RETURNING ALL NEW *"),
      "ValidationException",
      "Validation failed in TransactStatements[0]: RETURNING clause is not supported in ExecuteTransaction.",
    );
    await refused(
      transact(`SELECT * FROM "${table}"."by-g" WHERE g = 'x'`),
      "ValidationException",
      "Validation failed in TransactStatements[0]: Reads on indices are not supported within transactions.",
    );
  });
});
