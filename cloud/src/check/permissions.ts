/** Policies in a template that allow more than is needed. */
import { isObject } from "../deploy/template.ts";

export interface Broad {
  readonly rule: "broad-action" | "broad-resource" | "broad-pass-role";
  readonly message: string;
  /** Into the properties of the resource. */
  readonly path: readonly string[];
}

/**
 * Actions that know no resource: AWS allows them on `*` only ("Service Authorization Reference"). A service that is not
 * here is not judged.
 */
const ON_EVERYTHING: Readonly<Record<string, RegExp>> = {
  apigateway: /^$/,
  cloudwatch: /^(putmetricdata|getmetric(data|statistics|widgetimage)|listmetrics|describealarmsformetric|describe.*)$/,
  dynamodb: /^(list.*|describe(limits|reservedcapacity.*|endpoints)|purchasereservedcapacityofferings)$/,
  events: /^(list.*|testeventpattern|putpermission|removepermission)$/,
  kms: /^(list(keys|aliases|retirablegrants)|createkey|generaterandom|describecustomkeystores)$/,
  lambda:
    /^(list(functions|layers|layerversions|eventsourcemappings|codesigningconfigs)|getaccountsettings|createeventsourcemapping)$/,
  logs: /^(.*logdelivery|listlogdeliveries|.*resourcepolic(y|ies)|describe(loggroups|destinations|queries|querydefinitions|exporttasks)|stopquery|getqueryresults|testmetricfilter|putquerydefinition|deletequerydefinition)$/,
  s3: /^(listallmybuckets|getaccountpublicaccessblock|putaccountpublicaccessblock|listjobs|createjob)$/,
  scheduler: /^(list(schedules|schedulegroups))$/,
  secretsmanager: /^(listsecrets|getrandompassword|batchgetsecretvalue)$/,
  sns: /^(list(topics|subscriptions|platformapplications|.*phonenumbers.*)|.*sms.*|createplatform.*|optinphonenumber|checkifphonenumberisoptedout)$/,
  sqs: /^listqueues$/,
  ssm: /^(describe.*|list.*|getinventory.*)$/,
  states: /^(list(statemachines|activities)|validatestatemachinedefinition|sendtask.*|teststate)$/,
};

const FULL_ACCESS = /:policy\/(?:job-function\/)?(AdministratorAccess|PowerUserAccess|[\w-]*FullAccess(?:_v2)?)$/;

/** Finds what is broad in the policies of a resource, given its evaluated properties. */
export function findBroadPermissions(type: string, properties: Readonly<Record<string, unknown>>): Broad[] {
  if (!type.startsWith("AWS::IAM::")) return [];
  const documents: { document: unknown; path: string[] }[] = [
    { document: properties["PolicyDocument"], path: ["PolicyDocument"] },
  ];
  const inline = Array.isArray(properties["Policies"]) ? (properties["Policies"] as unknown[]) : [];
  for (const [index, policy] of inline.entries())
    if (isObject(policy))
      documents.push({ document: policy["PolicyDocument"], path: ["Policies", String(index), "PolicyDocument"] });
  return [
    ...managedPolicies(properties["ManagedPolicyArns"]),
    ...documents.flatMap(({ document, path }) => statementsOf(document, path)).flatMap(judge),
  ];
}

function managedPolicies(arns: unknown): Broad[] {
  return (Array.isArray(arns) ? (arns as unknown[]) : []).flatMap((arn, index): Broad[] => {
    const name = typeof arn === "string" ? FULL_ACCESS.exec(arn)?.[1] : undefined;
    const path = ["ManagedPolicyArns", String(index)];
    return name === undefined
      ? []
      : [{ rule: "broad-action", message: `The managed policy ${name} allows every action of its services.`, path }];
  });
}

interface Found {
  readonly statement: Readonly<Record<string, unknown>>;
  readonly path: readonly string[];
}

function statementsOf(document: unknown, path: readonly string[]): Found[] {
  const statements = isObject(document) ? [document["Statement"]].flat() : [];
  return statements.flatMap((statement, index): Found[] =>
    isObject(statement) && statement["Effect"] === "Allow"
      ? [{ statement, path: [...path, "Statement", String(index)] }]
      : [],
  );
}

function judge({ statement, path }: Found): Broad[] {
  const actions = textsOf(statement["Action"]);
  const found: Broad[] = [];
  const whole = actions.filter((action) => action === "*" || action.endsWith(":*"));
  if (whole.length > 0)
    found.push({
      rule: "broad-action",
      message: `${whole.join(", ")} allows every action; name those that are called.`,
      path: [...path, "Action"],
    });
  if (statement["NotAction"] !== undefined)
    found.push({
      rule: "broad-action",
      message: "Allow with NotAction allows all others.",
      path: [...path, "NotAction"],
    });
  if (!textsOf(statement["Resource"]).includes("*") || statement["Condition"] !== undefined) return found;
  const where = [...path, "Resource"];
  if (actions.some((action) => /^(\*|iam:(\*|pass\*|passrole))$/i.test(action)))
    found.push({
      rule: "broad-pass-role",
      message: "iam:PassRole on * lets any role be passed on; name the role.",
      path: where,
    });
  const narrow = actions.filter((action) => takesResource(action));
  if (narrow.length > 0)
    found.push({
      rule: "broad-resource",
      message: `${narrow.join(", ")} on *: these actions can be allowed on single resources.`,
      path: where,
    });
  return found;
}

function takesResource(action: string): boolean {
  const [service = "", name = ""] = action.toLowerCase().split(":");
  const everything = Object.hasOwn(ON_EVERYTHING, service) ? ON_EVERYTHING[service] : undefined;
  return everything !== undefined && !everything.test(name);
}

function textsOf(value: unknown): string[] {
  return [value].flat().filter((one): one is string => typeof one === "string");
}
