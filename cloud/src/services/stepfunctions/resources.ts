/** The CloudFormation types of Step Functions. */
import type { CreateStateMachineInput } from "@aws-sdk/client-sfn";
import { defineResource, type ResourceContext, type ResourceTag, type ResourceType } from "../../deploy/resource.ts";
import { parseTemplateText } from "../../deploy/template-text.ts";

interface Destination {
  CloudWatchLogsLogGroup?: { LogGroupArn?: string };
}

interface MachineProps {
  StateMachineName?: string;
  StateMachineType?: "STANDARD" | "EXPRESS";
  RoleArn: string;
  Definition?: Record<string, unknown>;
  DefinitionString?: string;
  DefinitionS3Location?: { Bucket: string; Key: string; Version?: string };
  DefinitionSubstitutions?: Record<string, string | number | boolean>;
  LoggingConfiguration?: {
    Level?: "ALL" | "ERROR" | "FATAL" | "OFF";
    IncludeExecutionData?: boolean;
    Destinations?: Destination[];
  };
  TracingConfiguration?: { Enabled?: boolean };
  Tags?: ResourceTag[];
}

const NAME_MAX = 80;

/** Source: "AWS::StepFunctions::StateMachine DefinitionSubstitutions": `${Name}` in the definition's text. */
async function definitionOf(cx: ResourceContext, props: MachineProps): Promise<string> {
  const { Definition, DefinitionString, DefinitionS3Location: at, DefinitionSubstitutions = {} } = props;
  const text = at ? await readObject(cx, at) : (DefinitionString ?? JSON.stringify(Definition));
  const filled = text.replace(/\$\{([\w-]+)\}/g, (whole, name: string) =>
    Object.hasOwn(DefinitionSubstitutions, name) ? String(DefinitionSubstitutions[name]) : whole,
  );
  // AWS: a definition in S3 may be YAML.
  return at && !filled.trimStart().startsWith("{") ? JSON.stringify(parseTemplateText(filled)) : filled;
}

async function readObject(cx: ResourceContext, at: { Bucket: string; Key: string; Version?: string }): Promise<string> {
  const { Body } = await cx.call("s3", "GetObject", {
    Bucket: at.Bucket,
    Key: at.Key,
    ...(at.Version === undefined ? {} : { VersionId: at.Version }),
  });
  // In process a small object comes as bytes, a large one as a stream.
  if ((Body as unknown) instanceof Uint8Array) return Buffer.from(Body as unknown as Uint8Array).toString();
  const chunks: Uint8Array[] = [];
  for await (const chunk of Body as unknown as AsyncIterable<Uint8Array>) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

function settingsOf(
  props: MachineProps,
): Pick<CreateStateMachineInput, "loggingConfiguration" | "tracingConfiguration"> {
  const { LoggingConfiguration: logging, TracingConfiguration: tracing } = props;
  return {
    loggingConfiguration: {
      level: logging?.Level ?? "OFF",
      includeExecutionData: logging?.IncludeExecutionData ?? false,
      ...(logging?.Destinations
        ? {
            destinations: logging.Destinations.map(({ CloudWatchLogsLogGroup: group }) => ({
              cloudWatchLogsLogGroup: { logGroupArn: group?.LogGroupArn },
            })),
          }
        : {}),
    },
    tracingConfiguration: { enabled: tracing?.Enabled ?? false },
  };
}

const lowerTags = (tags: readonly ResourceTag[]) => tags.map(({ Key: key, Value: value }) => ({ key, value }));

const stateMachine = defineResource<MachineProps>({
  type: "AWS::StepFunctions::StateMachine",
  honours: {
    StateMachineName: true,
    StateMachineType: true,
    RoleArn: true,
    Definition: true,
    DefinitionString: true,
    DefinitionS3Location: true,
    DefinitionSubstitutions: true,
    LoggingConfiguration: true,
    TracingConfiguration: { harmless: "no X-Ray segments are written here" },
    Tags: true,
  },
  async create(cx, props) {
    const made = await cx.call("stepfunctions", "CreateStateMachine", {
      name: props.StateMachineName ?? cx.physicalName(NAME_MAX),
      type: props.StateMachineType ?? "STANDARD",
      roleArn: props.RoleArn,
      definition: await definitionOf(cx, props),
      tags: lowerTags(cx.mergedTags(props.Tags)),
      ...settingsOf(props),
    });
    return { physicalId: made.stateMachineArn! };
  },
  async update(cx, { physicalId: stateMachineArn, props, previous }) {
    await cx.call("stepfunctions", "UpdateStateMachine", {
      stateMachineArn,
      roleArn: props.RoleArn,
      definition: await definitionOf(cx, props),
      ...settingsOf(props),
    });
    const tagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (tagKeys.length > 0) await cx.call("stepfunctions", "UntagResource", { resourceArn: stateMachineArn, tagKeys });
    const tags = lowerTags(cx.mergedTags(props.Tags));
    if (tags.length > 0) await cx.call("stepfunctions", "TagResource", { resourceArn: stateMachineArn, tags });
  },
  async delete(cx, { physicalId: stateMachineArn }) {
    await cx.call("stepfunctions", "DeleteStateMachine", { stateMachineArn });
  },
  async attributes(cx, stateMachineArn) {
    const { name, revisionId } = await cx.call("stepfunctions", "DescribeStateMachine", { stateMachineArn });
    return { Arn: stateMachineArn, Name: name, StateMachineRevisionId: revisionId };
  },
});

const activity = defineResource<{ Name: string; Tags?: ResourceTag[] }>({
  type: "AWS::StepFunctions::Activity",
  honours: { Name: true, Tags: true },
  async create(cx, { Name, Tags }) {
    const made = await cx.call("stepfunctions", "CreateActivity", { name: Name, tags: lowerTags(cx.mergedTags(Tags)) });
    return { physicalId: made.activityArn! };
  },
  async update(cx, { physicalId: resourceArn, props, previous }) {
    const tagKeys = cx.removedTagKeys(previous.Tags, props.Tags);
    if (tagKeys.length > 0) await cx.call("stepfunctions", "UntagResource", { resourceArn, tagKeys });
    const tags = lowerTags(cx.mergedTags(props.Tags));
    if (tags.length > 0) await cx.call("stepfunctions", "TagResource", { resourceArn, tags });
  },
  async delete(cx, { physicalId: activityArn }) {
    await cx.call("stepfunctions", "DeleteActivity", { activityArn });
  },
  async attributes(_, physicalId, { Name }) {
    return { Arn: physicalId, Name };
  },
});

interface VersionProps {
  StateMachineArn: string;
  StateMachineRevisionId?: string;
  Description?: string;
}

const version = defineResource<VersionProps>({
  type: "AWS::StepFunctions::StateMachineVersion",
  honours: { StateMachineArn: true, StateMachineRevisionId: true, Description: true },
  async create(cx, props) {
    const made = await cx.call("stepfunctions", "PublishStateMachineVersion", {
      stateMachineArn: props.StateMachineArn,
      ...(props.StateMachineRevisionId === undefined ? {} : { revisionId: props.StateMachineRevisionId }),
      ...(props.Description === undefined ? {} : { description: props.Description }),
    });
    return { physicalId: made.stateMachineVersionArn! };
  },
  async delete(cx, { physicalId: stateMachineVersionArn }) {
    await cx.call("stepfunctions", "DeleteStateMachineVersion", { stateMachineVersionArn });
  },
  async attributes(_, physicalId) {
    return { Arn: physicalId };
  },
});

interface AliasProps {
  Name?: string;
  Description?: string;
  RoutingConfiguration?: { StateMachineVersionArn: string; Weight: number }[];
}

const routing = ({ RoutingConfiguration = [] }: AliasProps) =>
  RoutingConfiguration.map(({ StateMachineVersionArn, Weight }) => ({
    stateMachineVersionArn: StateMachineVersionArn,
    weight: Weight,
  }));

const alias = defineResource<AliasProps>({
  type: "AWS::StepFunctions::StateMachineAlias",
  honours: { Name: true, Description: true, RoutingConfiguration: true },
  async create(cx, props) {
    const made = await cx.call("stepfunctions", "CreateStateMachineAlias", {
      name: props.Name ?? cx.physicalName(NAME_MAX),
      routingConfiguration: routing(props),
      ...(props.Description === undefined ? {} : { description: props.Description }),
    });
    return { physicalId: made.stateMachineAliasArn! };
  },
  async update(cx, { physicalId: stateMachineAliasArn, props }) {
    await cx.call("stepfunctions", "UpdateStateMachineAlias", {
      stateMachineAliasArn,
      routingConfiguration: routing(props),
      description: props.Description ?? "",
    });
  },
  async delete(cx, { physicalId: stateMachineAliasArn }) {
    await cx.call("stepfunctions", "DeleteStateMachineAlias", { stateMachineAliasArn });
  },
  async attributes(_, physicalId) {
    return { Arn: physicalId };
  },
});

export const resources: readonly ResourceType[] = [stateMachine, activity, version, alias];
