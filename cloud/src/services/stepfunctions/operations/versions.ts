import type {
  CreateStateMachineAliasInput,
  CreateStateMachineAliasOutput,
  DeleteStateMachineAliasInput,
  DeleteStateMachineVersionInput,
  DescribeStateMachineAliasInput,
  DescribeStateMachineAliasOutput,
  ListStateMachineAliasesInput,
  ListStateMachineAliasesOutput,
  ListStateMachineVersionsInput,
  ListStateMachineVersionsOutput,
  PublishStateMachineVersionInput,
  PublishStateMachineVersionOutput,
  RoutingConfigurationListItem,
  UpdateStateMachineAliasInput,
  UpdateStateMachineAliasOutput,
} from "@aws-sdk/client-sfn";
import { AwsError } from "../../../aws/error.ts";
import { findArn } from "../../../aws/arn.ts";
import type { Cx } from "../engine.ts";
import { conflict, resourceNotFound, validation } from "../errors.ts";
import { getNamed, scopeKey } from "../machine.ts";
import { page } from "../page.ts";
import type { AliasRecord, VersionRecord } from "../state.ts";

/** Publishes a machine as it is. AWS: publishing the same revision again answers its version. */
export function publish(cx: Cx, machineArn: string, description: string | undefined): VersionRecord {
  const { machine } = getNamed(cx.state, machineArn);
  const prefix = [...scopeKey(machine.scope), machine.name];
  const last = cx.state.versions.first({ prefix, reverse: true })?.[1];
  if (last?.machine.revisionId === machine.revisionId && last.description === description) return last;
  const version: VersionRecord = {
    arn: `${machine.arn}:${machine.nextVersion}`,
    number: machine.nextVersion,
    createdMs: cx.kernel.clock.now(),
    machine,
    ...(description === undefined ? {} : { description }),
  };
  cx.state.versions.put([...prefix, version.number], version);
  cx.state.machines.put(prefix, { ...machine, nextVersion: machine.nextVersion + 1 });
  return version;
}

export function publishStateMachineVersion(
  cx: Cx,
  input: PublishStateMachineVersionInput,
): PublishStateMachineVersionOutput {
  const { machine } = getNamed(cx.state, input.stateMachineArn ?? "");
  if (input.revisionId !== undefined && input.revisionId !== machine.revisionId)
    throw conflict("Failed to publish the State Machine version. The provided revisionId is not current.");
  const version = publish(cx, machine.arn, input.description);
  return { stateMachineVersionArn: version.arn, creationDate: new Date(version.createdMs) };
}

export function deleteStateMachineVersion(cx: Cx, input: DeleteStateMachineVersionInput): object {
  const { stateMachineVersionArn = "" } = input;
  const found = findVersion(cx, stateMachineVersionArn);
  if (!found) return {};
  const prefix = [...scopeKey(found.machine.scope), found.machine.name];
  const using = [...cx.state.aliases.values({ prefix })].filter(({ routes }) =>
    routes.some(({ versionArn }) => versionArn === stateMachineVersionArn),
  );
  if (using.length > 0)
    throw conflict(
      `Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [${using.map(({ name }) => name).join(", ")}]`,
    );
  cx.state.versions.remove([...prefix, found.number]);
  return {};
}

function findVersion(cx: Cx, arn: string): VersionRecord | undefined {
  try {
    return getNamed(cx.state, arn).version;
  } catch (error) {
    if (error instanceof AwsError && error.code === "StateMachineDoesNotExist") return undefined;
    throw error;
  }
}

export function listStateMachineVersions(cx: Cx, input: ListStateMachineVersionsInput): ListStateMachineVersionsOutput {
  const { machine } = getNamed(cx.state, input.stateMachineArn ?? "");
  const prefix = [...scopeKey(machine.scope), machine.name];
  const { shown, nextToken } = page([...cx.state.versions.values({ prefix, reverse: true })], input);
  return {
    stateMachineVersions: shown.map((each) => ({
      stateMachineVersionArn: each.arn,
      creationDate: new Date(each.createdMs),
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}

/** One or two versions of one machine, whose weights make a hundred. @throws AwsError ValidationException */
function routesOf(cx: Cx, routing: readonly RoutingConfigurationListItem[]): AliasRecord["routes"] {
  const routes = routing.map((each) => ({ versionArn: each.stateMachineVersionArn ?? "", weight: each.weight ?? 0 }));
  if (routes.reduce((sum, { weight }) => sum + weight, 0) !== 100)
    throw validation("Sum of routing configuration weights must equal 100");
  if (new Set(routes.map(({ versionArn }) => versionArn)).size !== routes.length)
    throw validation("Routing configuration must contain distinct state machine version ARNs");
  for (const { versionArn } of routes) if (!findVersion(cx, versionArn)) throw resourceNotFound(versionArn);
  return routes;
}

export function createStateMachineAlias(cx: Cx, input: CreateStateMachineAliasInput): CreateStateMachineAliasOutput {
  const { name = "", description, routingConfiguration = [] } = input;
  const routes = routesOf(cx, routingConfiguration);
  const { machine } = getNamed(cx.state, routes[0]?.versionArn ?? "");
  const key = [...scopeKey(machine.scope), machine.name, name];
  const known = cx.state.aliases.get(key);
  const nowMs = cx.kernel.clock.now();
  if (known && JSON.stringify([known.routes, known.description]) !== JSON.stringify([routes, description]))
    throw conflict(
      "Failed to create alias because an alias with the same name and a different routing configuration already exists.",
    );
  const alias: AliasRecord = known ?? {
    arn: `${machine.arn}:${name}`,
    name,
    routes,
    createdMs: nowMs,
    updatedMs: nowMs,
    ...(description === undefined ? {} : { description }),
  };
  cx.state.aliases.put(key, alias);
  return { stateMachineAliasArn: alias.arn, creationDate: new Date(alias.createdMs) };
}

function getAlias(cx: Cx, arn: string): { key: string[]; alias: AliasRecord } {
  const parsed = findArn(arn);
  const [, machine = "", name = ""] = parsed?.resource.split(":") ?? [];
  const key = parsed ? [...scopeKey(parsed), machine, name] : [];
  const alias = parsed && cx.state.aliases.get(key);
  if (!alias) throw resourceNotFound(arn);
  return { key, alias };
}

export function updateStateMachineAlias(cx: Cx, input: UpdateStateMachineAliasInput): UpdateStateMachineAliasOutput {
  const { key, alias } = getAlias(cx, input.stateMachineAliasArn ?? "");
  const updatedMs = cx.kernel.clock.now();
  cx.state.aliases.put(key, {
    ...alias,
    ...(input.description === undefined ? {} : { description: input.description }),
    ...(input.routingConfiguration ? { routes: routesOf(cx, input.routingConfiguration) } : {}),
    updatedMs,
  });
  return { updateDate: new Date(updatedMs) };
}

export function describeStateMachineAlias(
  cx: Cx,
  input: DescribeStateMachineAliasInput,
): DescribeStateMachineAliasOutput {
  const { alias } = getAlias(cx, input.stateMachineAliasArn ?? "");
  return {
    stateMachineAliasArn: alias.arn,
    name: alias.name,
    ...(alias.description === undefined ? {} : { description: alias.description }),
    routingConfiguration: alias.routes.map(({ versionArn, weight }) => ({
      stateMachineVersionArn: versionArn,
      weight,
    })),
    creationDate: new Date(alias.createdMs),
    updateDate: new Date(alias.updatedMs),
  };
}

export function deleteStateMachineAlias(cx: Cx, input: DeleteStateMachineAliasInput): object {
  cx.state.aliases.remove(getAlias(cx, input.stateMachineAliasArn ?? "").key);
  return {};
}

export function listStateMachineAliases(cx: Cx, input: ListStateMachineAliasesInput): ListStateMachineAliasesOutput {
  const { machine, version } = getNamed(cx.state, input.stateMachineArn ?? "");
  const all = [...cx.state.aliases.values({ prefix: [...scopeKey(machine.scope), machine.name] })];
  const wanted = version
    ? all.filter(({ routes }) => routes.some(({ versionArn }) => versionArn === version.arn))
    : all;
  const { shown, nextToken } = page(wanted, input);
  return {
    stateMachineAliases: shown.map((alias) => ({
      stateMachineAliasArn: alias.arn,
      creationDate: new Date(alias.createdMs),
    })),
    ...(nextToken === undefined ? {} : { nextToken }),
  };
}
