import { addAuth, linkApi } from "./api-event.ts";
import { passedAttributes, type Context, type Made, type Source } from "./context.ts";
import { EventError } from "./error.ts";
import { eventProperties, type EventInput } from "./event-input.ts";
import { getAtt, isObject, isTruthy, type Json } from "./json.ts";
import { inlinePolicy, trustOf } from "./policies.ts";
import { Unicode } from "./python-dict.ts";
import { makeDeadLetters, makeRule, stateOf, targetId, targetMembers } from "./rule-event.ts";
import { makeSchedule } from "./scheduler-event.ts";
import { SwaggerEditor } from "./swagger.ts";
import { addStateMachineIntegration } from "./swagger-integration.ts";

interface MachineEvent extends EventInput {
  /** What is started: the state machine, or its alias. */
  readonly targetId: string;
}

/** All that a state machine's `Events` become. @throws EventError */
export function makeStateMachineEvents(context: Context, source: Source, target: string): Made[] {
  const events = source.properties["Events"];
  if (!isObject(events)) return [];
  const names = context.eventNames(source.logicalId) ?? Object.keys(events);
  return names.flatMap((eventId) => {
    const event = events[eventId];
    const type = isObject(event) ? (event["Type"] as string) : "";
    const make = TYPES[type];
    if (!make)
      throw new EventError(
        eventId,
        `Resource dict has missing or invalid value for key Type. Event Type is: ${type || "None"}.`,
      );
    const properties = eventProperties(source.logicalId, eventId, event as Json);
    return make({ context, eventId, logicalId: source.logicalId + eventId, properties, source, targetId: target });
  });
}

const TYPES: Readonly<Record<string, (event: MachineEvent) => Made[]>> = {
  Schedule: scheduleOf,
  ScheduleV2: schedulerOf,
  CloudWatchEvent: ruleOf,
  EventBridgeRule: ruleOf,
  Api: apiOf,
};

function passed(event: MachineEvent): Json {
  return passedAttributes(event.source.resource);
}

function startRole(event: MachineEvent, service: string): Made {
  const logicalId = `${event.logicalId}Role`;
  const policy = inlinePolicy(`${logicalId}StartExecutionPolicy`, "states:StartExecution", { Ref: event.targetId });
  return {
    logicalId,
    type: "AWS::IAM::Role",
    properties: {
      AssumeRolePolicyDocument: trustOf(service),
      Policies: [policy],
      PermissionsBoundary: event.source.properties["PermissionsBoundary"] || undefined,
    },
    attributes: passed(event),
  };
}

function scheduleOf(event: MachineEvent): Made[] {
  const { properties: p } = event;
  const rule = makeRule(event, passed(event), {
    ScheduleExpression: p["Schedule"],
    State: stateOf(event),
    Name: p["Name"],
    Description: p["Description"],
  });
  const role = p["RoleArn"] === undefined ? startRole(event, "events.amazonaws.com") : undefined;
  const deadLetters = makeDeadLetters(event, passed(event));
  rule.properties["Targets"] = [
    {
      Arn: { Ref: event.targetId },
      Id: targetId(event, "StepFunctionsTarget"),
      RoleArn: role ? getAtt(role.logicalId, "Arn") : p["RoleArn"],
      ...targetMembers(p, deadLetters.arn, ["Input"]),
    },
  ];
  return [rule, ...(role ? [role] : []), ...deadLetters.made];
}

function ruleOf(event: MachineEvent): Made[] {
  const { properties: p } = event;
  const rule = makeRule(event, passed(event), {
    EventBusName: p["EventBusName"],
    EventPattern: p["Pattern"],
    Name: p["RuleName"],
    State: p["State"] || undefined,
  });
  const role = startRole(event, "events.amazonaws.com");
  const deadLetters = makeDeadLetters(event, passed(event));
  rule.properties["Targets"] = [
    {
      Arn: { Ref: event.targetId },
      Id: targetId(event, "StepFunctionsTarget"),
      RoleArn: getAtt(role.logicalId, "Arn"),
      ...targetMembers(p, deadLetters.arn, ["Input", "InputPath", "InputTransformer"]),
    },
  ];
  return [rule, role, ...deadLetters.made];
}

function schedulerOf(event: MachineEvent): Made[] {
  const arn = { Ref: event.targetId };
  const policy = inlinePolicy(`${event.logicalId}StartExecutionPolicy`, "states:StartExecution", arn);
  return makeSchedule(event, arn, policy, passed(event));
}

function apiOf(event: MachineEvent): Made[] {
  const { context, eventId, properties: p, source } = event;
  const api = linkApi(context, eventId, p["RestApiId"]);
  const role = startRole(event, "apigateway.amazonaws.com");
  const body = context.apiBodies.get(api.apiId);
  if (!api.properties["__MANAGE_SWAGGER"] || !body) return [role];
  const [path, method] = [new Unicode(String(p["Path"])), new Unicode(String(p["Method"]).toLowerCase())];
  const editor = new SwaggerEditor(body);
  if (editor.hasIntegration(path.text, method))
    throw new EventError(eventId, `API method "${method.text}" defined multiple times for path "${path.text}".`);
  addStateMachineIntegration(editor, {
    path,
    method,
    uri: { "Fn::Sub": "arn:${AWS::Partition}:apigateway:${AWS::Region}:states:action/StartExecution" },
    credentials: { "Fn::GetAtt": [role.logicalId, "Arn"] },
    requestTemplates: { "application/json": { "Fn::Sub": requestTemplate(event) } },
    condition:
      source.resource["Condition"] === undefined ? undefined : new Unicode(String(source.resource["Condition"])),
  });
  if (isTruthy(p["Auth"]))
    addAuth({ context, eventId, auth: p["Auth"] as Json, api, path: path.text, method: method.text }, editor);
  context.apiBodies.set(api.apiId, editor.done());
  return [role];
}

function requestTemplate({ properties, targetId: id }: MachineEvent): string {
  const input = "$util.escapeJavaScript($input.json('$'))";
  if (!properties["UnescapeMappingTemplate"]) return `{"input": "${input}", "stateMachineArn": "\${${id}}"}`;
  return `{"input": "${input}.replaceAll("\\\\'","'")", "stateMachineArn": "\${${id}}"}`;
}
