/** How the resources of a template are joined: what each joining property names. Pure. */
import type { TemplateResource } from "./graph.ts";

export interface Join {
  /** Logical ids, or `import:NAME` for what another stack exports. */
  readonly from: string;
  readonly to: string;
  readonly kind: string;
  readonly label?: string;
}

type Resources = Readonly<Record<string, TemplateResource>>;
type Properties = Readonly<Record<string, unknown>>;
type Rule = (id: string, properties: Properties, resources: Resources) => Join[];

/** By resource type: the joins that a resource makes. */
const RULES: Readonly<Record<string, Rule>> = {
  "AWS::Lambda::EventSourceMapping": (_id, p) => [
    ...pairs(p["EventSourceArn"], p["FunctionName"], "mapping"),
    ...pairs(p["FunctionName"], p["DestinationConfig"], "dead-letter"),
  ],
  "AWS::Lambda::EventInvokeConfig": (_id, p) => pairs(p["FunctionName"], p["DestinationConfig"], "destination"),
  "AWS::Lambda::Function": (id, p, resources) => [
    ...from(id, p["DeadLetterConfig"], "dead-letter"),
    ...grants(id, p["Role"], resources),
  ],
  "AWS::SNS::Subscription": (_id, p) => [
    ...pairs(p["TopicArn"], p["Endpoint"], "subscription"),
    ...pairs(p["TopicArn"], p["RedrivePolicy"], "dead-letter"),
  ],
  "AWS::SNS::Topic": (id, p) => from(id, p["Subscription"], "subscription"),
  "AWS::S3::Bucket": (id, p) => from(id, p["NotificationConfiguration"], "notification"),
  "Custom::S3BucketNotifications": (_id, p) => pairs(p["BucketName"], p["NotificationConfiguration"], "notification"),
  "AWS::Events::Rule": (id, p) => [
    ...to(p["EventBusName"], id, "rule"),
    ...list(p["Targets"]).flatMap((target) => [
      ...from(id, target["Arn"], "target"),
      ...from(id, target["DeadLetterConfig"], "dead-letter"),
    ]),
  ],
  "AWS::Scheduler::Schedule": (id, p) => {
    const { Arn, DeadLetterConfig } = record(p["Target"]);
    return [...from(id, Arn, "target"), ...from(id, DeadLetterConfig, "dead-letter")];
  },
  "AWS::Pipes::Pipe": (id, p) => [
    ...to(p["Source"], id, "source"),
    ...from(id, p["Enrichment"], "enrichment"),
    ...from(id, p["Target"], "target"),
  ],
  "AWS::SQS::Queue": (id, p) => from(id, p["RedrivePolicy"], "dead-letter"),
  "AWS::ApiGatewayV2::Integration": (id, p, resources) => [
    ...pairs(p["ApiId"], p["IntegrationUri"], "route", routesTo(id, resources)),
    ...pairs(p["ApiId"], p["RequestParameters"], "route", routesTo(id, resources)),
  ],
  "AWS::ApiGatewayV2::Authorizer": (_id, p) => pairs(p["ApiId"], p["AuthorizerUri"], "authorizer"),
  "AWS::ApiGateway::Method": (_id, p) =>
    pairs(p["RestApiId"], record(p["Integration"])["Uri"], "route", String(p["HttpMethod"] ?? "")),
  "AWS::ApiGateway::Authorizer": (_id, p) =>
    pairs(p["RestApiId"], [p["AuthorizerUri"], p["ProviderARNs"]], "authorizer"),
  "AWS::StepFunctions::StateMachine": (id, p) => [
    ...from(id, [p["DefinitionString"], p["DefinitionSubstitutions"], p["Definition"]], "task"),
  ],
};

/** @returns joins by logical ids, also of resources that are not drawn; the caller keeps those that it draws */
export function joinsOf(resources: Resources): Join[] {
  const joins = Object.entries(resources).flatMap(
    ([id, { Type, Properties = {} }]) => RULES[Type]?.(id, Properties, resources) ?? [],
  );
  return joins.filter((join) => join.from !== join.to);
}

function from(id: string, value: unknown, kind: string): Join[] {
  return namesIn(value).map((name) => ({ from: id, to: name, kind }));
}

function to(value: unknown, id: string, kind: string): Join[] {
  return namesIn(value).map((name) => ({ from: name, to: id, kind }));
}

function pairs(source: unknown, target: unknown, kind: string, label?: string): Join[] {
  return namesIn(source).flatMap((name) =>
    namesIn(target).map((other) => ({ from: name, to: other, kind, ...(label ? { label } : {}) })),
  );
}

/** Route keys whose target is this integration. */
function routesTo(integration: string, resources: Resources): string {
  return Object.values(resources)
    .filter(
      ({ Type, Properties }) =>
        Type === "AWS::ApiGatewayV2::Route" && namesIn(Properties?.["Target"]).includes(integration),
    )
    .map(({ Properties }) => String(Properties?.["RouteKey"] ?? ""))
    .join(" · ");
}

/** Reading a source is what an event source mapping does; the mapping itself is drawn. */
const CONSUMES =
  /^(sqs:(Receive|Delete|Change|Get)|dynamodb:(GetRecords|GetShard|DescribeStream|ListStreams)|kinesis:Get)/;

/** What the role of a function may reach. */
function grants(id: string, role: unknown, resources: Resources): Join[] {
  const roles = namesIn(role);
  return Object.values(resources).flatMap(({ Type, Properties = {} }) => {
    if (
      !/^AWS::IAM::(Managed)?Policy$/.test(Type) ||
      !namesIn(Properties["Roles"]).some((name) => roles.includes(name))
    )
      return [];
    return statementsOf(Properties["PolicyDocument"]).flatMap((statement) => {
      const actions = texts(statement["Action"]).filter((action) => !CONSUMES.test(action));
      if (statement["Effect"] !== "Allow" || actions.length === 0) return [];
      return from(id, statement["Resource"], "grant").map((join) => ({ ...join, label: brief(actions) }));
    });
  });
}

const ACTIONS_SHOWN = 3;

function brief(actions: readonly string[]): string {
  const shown = actions.slice(0, ACTIONS_SHOWN).join(" ");
  return actions.length > ACTIONS_SHOWN ? `${shown} +${actions.length - ACTIONS_SHOWN}` : shown;
}

function statementsOf(document: unknown): Properties[] {
  const { Statement } = record(document);
  return Array.isArray(Statement) ? list(Statement) : [record(Statement)];
}

/** Every logical id and import that a value names. */
export function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return [...new Set(value.flatMap(namesIn))];
  if (typeof value !== "object" || value === null) return [];
  return [...new Set(Object.entries(value).flatMap(([key, inner]) => namedBy(key, inner)))];
}

function namedBy(key: string, value: unknown): string[] {
  if (key === "Ref" && typeof value === "string") return [value];
  if (key === "Fn::GetAtt") return [String(Array.isArray(value) ? value[0] : String(value).split(".")[0])];
  if (key === "Fn::ImportValue" && typeof value === "string") return [`import:${value}`];
  if (key === "Fn::Sub") {
    const text = Array.isArray(value) ? String(value[0]) : String(value);
    const named = [...text.matchAll(/\$\{([A-Za-z0-9]+)(?:\.[^}]*)?\}/g)].map((match) => match[1]!);
    return [...named, ...(Array.isArray(value) ? namesIn(value[1]) : [])];
  }
  return namesIn(value);
}

function record(value: unknown): Properties {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Properties) : {};
}

function list(value: unknown): Properties[] {
  return Array.isArray(value) ? value.map(record) : [];
}

function texts(value: unknown): string[] {
  return (Array.isArray(value) ? value : [value]).filter((each): each is string => typeof each === "string");
}
