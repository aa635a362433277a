import { CONNECTOR_PROFILES, type ConnectorProfile } from "./connector-profiles.ts";
import { ownAttributes, type Context, type Made, type Source } from "./context.ts";
import { resourceError, SamError } from "./error.ts";
import { getAtt, isObject, targetOf, type Json } from "./json.ts";

const CONNECTOR = "AWS::Serverless::Connector";

/** `Connectors` of a resource become connectors of their own, named after both. */
export function addEmbeddedConnectors(resources: Record<string, Json>, errors: string[]): void {
  for (const [id, resource] of Object.entries(resources)) {
    if (!("Connectors" in resource)) continue;
    const { Connectors: connectors } = resource;
    delete resource["Connectors"];
    if (!isObject(connectors)) {
      errors.push(resourceError(id, `Attribute '${id}.Connectors' should be a map.`).message);
      continue;
    }
    for (const [name, connector] of Object.entries(connectors)) {
      const fullId = id + name;
      const given = isObject(connector) ? connector["Properties"] : undefined;
      if (!isObject(connector) || !isObject(given)) {
        errors.push(resourceError(fullId, `${id}.${fullId} should be a map.`).message);
        continue;
      }
      const { SourceReference, ...properties } = given;
      const Source = { Id: id, ...(isObject(SourceReference) ? SourceReference : {}) };
      resources[fullId] = { ...connector, Type: CONNECTOR, Properties: { ...properties, Source } };
    }
  }
}

/** A resource as connectors see it. */
interface End {
  readonly logicalId: string | undefined;
  readonly type: string;
  readonly role: Json | undefined;
  /** `Arn`, `Name`, `ResourceId`, `QueueUrl`, `Qualifier`. */
  readonly attributes: Json;
}

/** `AWS::Serverless::Connector`: the policies and permissions between two resources. @throws SamError */
export function transformConnector(context: Context, { logicalId, properties: p, resource }: Source): Made[] {
  const destinations = [p["Destination"]].flat() as Json[];
  const isMany = Array.isArray(p["Destination"]);
  if (destinations.length === 0) throw resourceError(logicalId, "'Destination' is an empty list");
  const made = destinations.flatMap((given, index) => {
    const destination = endOf(context, logicalId, given, p["Source"] as Json);
    const source = endOf(context, logicalId, p["Source"] as Json, given);
    const profile = CONNECTOR_PROFILES[source.type]?.[destination.type];
    if (!profile)
      throw resourceError(
        logicalId,
        `Unable to create connector from ${source.type} to ${destination.type}; it's not supported or the template is invalid.`,
      );
    const permissions = checkPermissions(logicalId, profile, p["Permissions"] as string[], source, destination);
    const connection = {
      logicalId,
      source,
      destination,
      profile,
      permissions,
      suffix: isMany ? `Destination${index}` : "",
    };
    const attributes = { ...ownAttributes(resource), Metadata: metadataOf(context, resource, connection) };
    return connect(connection, attributes, resource["DependsOn"]).map((one) => {
      need(context, connection, one);
      return one;
    });
  });
  replaceNeeds(context, logicalId, made);
  return made;
}

interface Connection {
  readonly logicalId: string;
  readonly source: End;
  readonly destination: End;
  readonly profile: ConnectorProfile;
  readonly permissions: readonly string[];
  readonly suffix: string;
}

const OUTPUTS: Readonly<Record<string, (id: string) => Json>> = {
  "AWS::Lambda::Function": (id) => ({ Arn: getAtt(id, "Arn") }),
  "AWS::StepFunctions::StateMachine": (id) => ({ Arn: { Ref: id }, Name: getAtt(id, "Name") }),
  "AWS::Events::Rule": (id) => ({ Arn: getAtt(id, "Arn") }),
  "AWS::SQS::Queue": (id) => ({ Arn: getAtt(id, "Arn"), QueueUrl: { Ref: id } }),
  "AWS::SNS::Topic": (id) => ({ Arn: { Ref: id } }),
  "AWS::DynamoDB::Table": (id) => ({ Arn: getAtt(id, "Arn") }),
  "AWS::S3::Bucket": (id) => ({ Arn: getAtt(id, "Arn") }),
  "AWS::Events::EventBus": (id) => ({ Arn: getAtt(id, "Arn") }),
  "AWS::ApiGatewayV2::Api": (id) => ({ Arn: getAtt(id, "Arn"), Qualifier: "*", ResourceId: { Ref: id } }),
  "AWS::ApiGateway::RestApi": (id) => ({ Arn: getAtt(id, "Arn"), Qualifier: "*", ResourceId: { Ref: id } }),
};

const PLAIN_TYPES: Readonly<Record<string, string>> = {
  "AWS::Serverless::Function": "AWS::Lambda::Function",
  "AWS::Serverless::StateMachine": "AWS::StepFunctions::StateMachine",
  "AWS::Serverless::Api": "AWS::ApiGateway::RestApi",
  "AWS::Serverless::HttpApi": "AWS::ApiGatewayV2::Api",
  "AWS::Serverless::SimpleTable": "AWS::DynamoDB::Table",
};

function endOf(context: Context, connectorId: string, given: Json, other: Json): End {
  const others = Object.keys(given).filter((name) => name !== "Id" && name !== "Qualifier");
  if ("Id" in given === others.length > 0)
    throw resourceError(
      connectorId,
      "Must provide 'Id' (with optional 'Qualifier') or a supported combination of other properties.",
    );
  const id = given["Id"];
  if (id === undefined) {
    const { Type, RoleName, ...attributes } = given;
    if (typeof Type !== "string" || Type === "") throw resourceError(connectorId, "'Type' is missing or not a string.");
    const role = RoleName as Json | undefined;
    return { logicalId: undefined, type: PLAIN_TYPES[Type] ?? Type, role, attributes };
  }
  if (typeof id !== "string" || id === "") throw resourceError(connectorId, "'Id' is missing or not a string.");
  const resource = context.made.get(id);
  if (!resource) throw resourceError(connectorId, `Unable to find resource with logical ID '${id}'.`);
  const type = resource["Type"] as string;
  const attributes = OUTPUTS[type]?.(id) ?? {};
  const qualifier = "Qualifier" in given ? { Qualifier: given["Qualifier"] } : {};
  const role = roleOf(type, (resource["Properties"] ?? {}) as Json, other);
  return { logicalId: id, type, role, attributes: { ...attributes, ...qualifier } };
}

/** The role that a resource acts by, where the template has it. */
function roleOf(type: string, properties: Json, other: Json): Json | undefined {
  let given: unknown;
  if (type === "AWS::Lambda::Function") given = properties["Role"];
  else if (type === "AWS::StepFunctions::StateMachine") given = properties["RoleArn"];
  else if (type === "AWS::Events::Rule")
    given = ((properties["Targets"] ?? []) as Json[]).find((target) => targetOf(target["Arn"]) === other["Id"])?.[
      "RoleArn"
    ];
  const id = targetOf(given);
  return id === undefined ? undefined : { Ref: id };
}

function checkPermissions(
  logicalId: string,
  profile: ConnectorProfile,
  asked: readonly string[],
  source: End,
  destination: End,
): string[] {
  const permissions = [...new Set(asked)];
  const valid = Object.keys(profile.categories).join(", ");
  if (permissions.length === 0)
    throw resourceError(logicalId, `'Permissions' cannot be empty; valid values are: ${valid}.`);
  const unsupported = `Unsupported 'Permissions' provided for connector from ${source.type} to ${destination.type}`;
  if (permissions.some((permission) => !(permission in profile.categories)))
    throw resourceError(logicalId, `${unsupported}; valid values are: ${valid}.`);
  const combinations = profile.combinations?.map((one) => [...one].sort().join(" + "));
  if (combinations && !combinations.includes([...permissions].sort().join(" + ")))
    throw resourceError(logicalId, `${unsupported}; valid combinations are: ${combinations.join(", ")}.`);
  return permissions;
}

function connect(connection: Connection, attributes: Json, dependsOn: unknown): Made[] {
  const { logicalId, profile, permissions, suffix, source, destination } = connection;
  const holder = profile.onSource ? source : destination;
  const side = profile.onSource ? "Source" : "Destination";
  const unable = (what: string) => resourceError(logicalId, `Unable to get ${what} from '${side}' resource.`);
  const names = Object.keys(profile.categories).filter((name) => permissions.includes(name));
  const filled = (name: string) => profile.categories[name]!.map((one) => fill(one, connection) as Json);
  const document = { Version: "2012-10-17", Statement: names.flatMap(filled) };
  const make = (id: string, type: string, properties: Json): Made => ({
    logicalId: logicalId + id + suffix,
    type,
    properties,
    dependsOn,
    attributes,
  });
  if (profile.kind === "role") {
    if (!holder.role) throw unable("IAM role name");
    return [make("Policy", "AWS::IAM::ManagedPolicy", { PolicyDocument: document, Roles: [holder.role] })];
  }
  if (profile.kind === "function") {
    const arn = holder.attributes["Arn"];
    if (!arn) throw unable("Lambda function ARN");
    return names.flatMap((name) =>
      filled(name).map((one) =>
        make(`${name}LambdaPermission`, "AWS::Lambda::Permission", { ...one, FunctionName: arn }),
      ),
    );
  }
  const isQueue = profile.kind === "queue";
  const target = holder.attributes[isQueue ? "QueueUrl" : "Arn"];
  if (!target) throw unable(isQueue ? "SQS queue URL" : "SNS topic ARN");
  const properties = { PolicyDocument: document, [isQueue ? "Queues" : "Topics"]: [target] };
  return isQueue
    ? [make("QueuePolicy", "AWS::SQS::QueuePolicy", properties)]
    : [make("TopicPolicy", "AWS::SNS::TopicPolicy", properties)];
}

/** Puts the resources' attributes into a statement: a text that is just one of them becomes it, else an `Fn::Sub`. */
function fill(value: unknown, connection: Connection): unknown {
  if (Array.isArray(value)) return value.map((one) => fill(one, connection));
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, fill(member, connection)]));
  if (typeof value !== "string") return value;
  const lookUp = (side: string, name: string) => {
    const found = (side === "Source" ? connection.source : connection.destination).attributes[name];
    if (found === undefined || found === null) throw resourceError(connection.logicalId, `${side}.${name} is missing.`);
    return found;
  };
  const whole = /^%\{(\w+)\.(\w+)\}$/.exec(value);
  if (whole) return lookUp(whole[1]!, whole[2]!);
  const variables: Json = {};
  const text = value.replaceAll(/%\{(\w+)\.(\w+)\}/g, (_, side: string, name: string) => {
    variables[side + name] = lookUp(side, name);
    return `\${${side}${name}}`;
  });
  if (!/\$\{.+\}/.test(text)) return text;
  return { "Fn::Sub": Object.keys(variables).length > 0 ? [text, variables] : text };
}

function metadataOf(context: Context, resource: Json, { logicalId, source, destination }: Connection): Json {
  const typeOf = (end: End) =>
    (end.logicalId === undefined ? undefined : context.resources.get(end.logicalId)?.["Type"]) ?? end.type;
  const types = { Source: { Type: typeOf(source) }, Destination: { Type: typeOf(destination) } };
  return { ...(resource["Metadata"] as Json | undefined), "aws:sam:connectors": { [logicalId]: types } };
}

/** A mapping (or a state machine) that works only once the permission is there waits for it. */
function need(context: Context, { profile, source, destination }: Connection, made: Made): void {
  if (profile.neededBy === "source" && source.logicalId) addNeed(context, source.logicalId, [made.logicalId]);
  if (profile.neededBy !== "mapping" || !source.logicalId || !destination.logicalId) return;
  const mappings = [...context.made].filter(([, one]) => {
    const properties = (one["Properties"] ?? {}) as Json;
    return (
      one["Type"] === "AWS::Lambda::EventSourceMapping" &&
      targetOf(properties["FunctionName"]) === destination.logicalId &&
      targetOf(properties["EventSourceArn"]) === source.logicalId
    );
  });
  if (mappings.length === 1) addNeed(context, mappings[0]![0], [made.logicalId]);
}

function addNeed(context: Context, logicalId: string, needs: readonly string[]): void {
  const resource = context.made.get(logicalId);
  if (!resource) throw new SamError(`Resource with id [${logicalId}] is invalid.`);
  const held = resource["DependsOn"] === undefined ? [] : ([resource["DependsOn"]].flat() as string[]);
  resource["DependsOn"] = [...new Set([...held, ...needs])];
}

/** Who depends on a connector depends on what it has become. */
function replaceNeeds(context: Context, logicalId: string, made: readonly Made[]): void {
  for (const [id, resource] of context.made) {
    const needs = resource["DependsOn"] === undefined ? [] : ([resource["DependsOn"]].flat() as string[]);
    if (!needs.includes(logicalId)) continue;
    resource["DependsOn"] = needs.filter((need) => need !== logicalId);
    addNeed(
      context,
      id,
      made.map((one) => one.logicalId),
    );
  }
}
