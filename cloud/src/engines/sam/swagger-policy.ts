import { templateError } from "./error.ts";
import { isObject, isTruthy, type Json } from "./json.ts";
import {
  PythonDict,
  pythonText,
  toPython,
  Unicode,
  type PlainDict,
  type PythonList,
  type PythonValue,
} from "./python-dict.ts";
import type { SwaggerEditor } from "./swagger.ts";

const POLICY = "x-amazon-apigateway-policy";

/** `ResourcePolicy`: who may call a path, by account, address or VPC. */
export function addResourcePolicy(editor: SwaggerEditor, asked: Json, path: string, stage: unknown): void {
  const held = editor.doc.get(POLICY);
  const policy = held instanceof PythonDict ? held : new PythonDict();
  const accounts = (name: string, effect: string) => {
    if (isTruthy(asked[name])) addStatement(policy, accountStatement(editor, asked[name], effect, path, stage));
  };
  accounts("AwsAccountWhitelist", "Allow");
  accounts("AwsAccountBlacklist", "Deny");
  const addresses = (name: string, operator: string) => {
    if (!isTruthy(asked[name])) return;
    addPair(policy, resourceList(editor, path, stage), operator, { "aws:SourceIp": toPython([asked[name]].flat()) });
  };
  addresses("IpRangeWhitelist", "NotIpAddress");
  addresses("IpRangeBlacklist", "IpAddress");
  for (const [list, operator] of [
    ["Blacklist", "StringEquals"],
    ["Whitelist", "StringNotEquals"],
  ] as const) {
    const condition = vpcCondition(asked, list);
    if (condition.size > 0) addPair(policy, resourceList(editor, path, stage), operator, condition);
  }
  editor.doc.set(POLICY, policy);
}

/** Statements of one's own, as written. */
export function addCustomStatements(editor: SwaggerEditor, statements: unknown): void {
  const held = editor.doc.get(POLICY);
  const policy = held instanceof PythonDict ? held : new PythonDict();
  policy.set("Version", "2012-10-17");
  const given = toPython(statements);
  if (!policy.has("Statement")) policy.set("Statement", given);
  else {
    const list = statementsOf(policy);
    for (const one of Array.isArray(given) ? given : [given]) if (!holds(list, one)) list.push(one);
    policy.set("Statement", list);
  }
  editor.doc.set(POLICY, policy);
}

function statementsOf(policy: PythonDict): PythonList {
  const statement = policy.get("Statement")!;
  return Array.isArray(statement) ? statement : [statement];
}

function holds(list: PythonList, statement: PythonValue): boolean {
  const text = pythonText(statement);
  return list.some((one) => pythonText(one) === text);
}

function accountStatement(
  editor: SwaggerEditor,
  accounts: unknown,
  effect: string,
  path: string,
  stage: unknown,
): PythonDict {
  if (!isObject(accounts) && !Array.isArray(accounts))
    throw templateError(`Type of '${String(accounts)}' must be a list or dictionary`);
  const statement = new PythonDict();
  statement.set("Effect", effect);
  statement.set("Action", "execute-api:Invoke");
  statement.set("Resource", resourceList(editor, path, stage));
  statement.set("Principal", PythonDict.of({ AWS: toPython([accounts].flat()) }));
  return statement;
}

/** AWS: the first account statement stands alone; a list it becomes with the second. */
function addStatement(policy: PythonDict, statement: PythonDict): void {
  policy.set("Version", "2012-10-17");
  policy.set("Statement", policy.has("Statement") ? [...statementsOf(policy), statement] : statement);
}

/** Allows everybody, and denies those whom the condition meets. */
function addPair(policy: PythonDict, resources: PythonList, operator: string, condition: PlainDict | PythonDict): void {
  policy.set("Version", "2012-10-17");
  const make = (effect: string) => {
    const statement = new PythonDict();
    statement.set("Effect", effect);
    statement.set("Action", "execute-api:Invoke");
    statement.set("Resource", resources);
    statement.set("Principal", "*");
    return statement;
  };
  const deny = make("Deny");
  deny.set("Condition", { [operator]: condition });
  const list = policy.has("Statement") ? statementsOf(policy) : [];
  for (const statement of [make("Allow"), deny]) if (!holds(list, statement)) list.push(statement);
  policy.set("Statement", list);
}

function vpcCondition(asked: Json, list: "Whitelist" | "Blacklist"): PythonDict {
  const given = asked[`SourceVpc${list}`];
  if (given !== undefined && !(Array.isArray(given) && given.every((one) => typeof one === "string")))
    throw templateError(
      `SourceVpc${list} must be a list of strings. Use IntrinsicVpc${list} instead for values that use Intrinsic Functions`,
    );
  const sources = (given ?? []) as string[];
  const vpcs = [...sources.filter((one) => one.startsWith("vpc-")), ...listAt(asked, `IntrinsicVpc${list}`)];
  const endpoints = [...sources.filter((one) => one.startsWith("vpce-")), ...listAt(asked, `IntrinsicVpce${list}`)];
  const condition = new PythonDict();
  if (vpcs.length > 0) condition.set("aws:SourceVpc", toPython(vpcs));
  if (endpoints.length > 0) condition.set("aws:SourceVpce", toPython(endpoints));
  return condition;
}

function listAt(asked: Json, name: string): unknown[] {
  return Array.isArray(asked[name]) ? asked[name] : [];
}

/** The methods of a path as resources of a policy. */
function resourceList(editor: SwaggerEditor, path: string, stage: unknown): PythonList {
  const place = path.replaceAll(/\{([a-zA-Z0-9._-]+|[a-zA-Z0-9._-]+\+|proxy\+)\}/g, "*");
  return editor.items(path).flatMap((item) =>
    item.names().map((name) => {
      const method = name === "x-amazon-apigateway-any-method" || name === "any" ? "*" : name.toUpperCase();
      const text = new Unicode(`execute-api:/\${__Stage__}/${method}${place}`);
      return { "Fn::Sub": [text, { __Stage__: toPython(stage) }] };
    }),
  );
}
