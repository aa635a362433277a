import type { Ask } from "../../service.ts";
import { entityArn } from "../../iam/state.ts";
import { askedArn, type Cx } from "./entity.ts";

/**
 * The resource that each call needs permission on (AWS: "Actions, resources, and condition keys for AWS Identity and
 * Access Management").
 */

interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** Condition keys of tags in a request. */
export function tagContext(tags: readonly Tag[] | undefined): Record<string, string | string[]> {
  const context: Record<string, string | string[]> = {};
  for (const { Key = "", Value = "" } of tags ?? []) context[`aws:RequestTag/${Key}`] = Value;
  if (tags && tags.length > 0) context["aws:TagKeys"] = tags.map(({ Key = "" }) => Key);
  return context;
}

interface Named {
  readonly UserName?: string | undefined;
  readonly GroupName?: string | undefined;
  readonly RoleName?: string | undefined;
  readonly Path?: string | undefined;
  readonly PolicyArn?: string | undefined;
  readonly PermissionsBoundary?: string | undefined;
  readonly Tags?: readonly Tag[] | undefined;
  readonly TagKeys?: readonly string[] | undefined;
}

function keysOf(input: Named): Record<string, string | string[]> {
  return {
    ...tagContext(input.Tags),
    ...(input.TagKeys ? { "aws:TagKeys": [...input.TagKeys] } : {}),
    ...(input.PolicyArn === undefined ? {} : { "iam:PolicyARN": input.PolicyArn }),
    ...(input.PermissionsBoundary === undefined ? {} : { "iam:PermissionsBoundary": input.PermissionsBoundary }),
  };
}

function tagsOf(cx: Cx, kind: "user" | "role", name: string): Record<string, string> {
  const collection = kind === "user" ? cx.state.users : cx.state.roles;
  const tags = collection.get([cx.scope.account, name.toLowerCase()])?.tags ?? {};
  return Object.fromEntries(
    Object.entries(tags).flatMap(([key, value]) => [
      [`aws:ResourceTag/${key}`, value],
      [`iam:ResourceTag/${key}`, value],
    ]),
  );
}

/** The user named, else the caller itself. */
export function onUser(input: Named, cx: Cx): Ask {
  const own = cx.principal.kind === "user" ? cx.principal.arn : undefined;
  if (input.UserName === undefined && own !== undefined) return { resource: own, context: keysOf(input) };
  const context = { ...keysOf(input), ...tagsOf(cx, "user", input.UserName ?? "") };
  return { resource: withPath(askedArn(cx, "user", input.UserName), input.Path), context };
}

export function onGroup(input: Named, cx: Cx): Ask {
  return { resource: withPath(askedArn(cx, "group", input.GroupName), input.Path), context: keysOf(input) };
}

export function onRole(input: Named, cx: Cx): Ask {
  const context = { ...keysOf(input), ...tagsOf(cx, "role", input.RoleName ?? "") };
  return { resource: withPath(askedArn(cx, "role", input.RoleName), input.Path), context };
}

export function onPolicy(input: Named): Ask {
  return { resource: input.PolicyArn ?? "*", context: keysOf(input) };
}

export function onNewPolicy(input: Named & { PolicyName?: string | undefined }, cx: Cx): Ask {
  const arn = `arn:aws:iam::${cx.scope.account}:policy${input.Path ?? "/"}${input.PolicyName ?? ""}`;
  return { resource: arn, context: keysOf(input) };
}

export function onProfile(input: Named & { InstanceProfileName?: string | undefined }, cx: Cx): Ask {
  const name = input.InstanceProfileName ?? "";
  const found = cx.state.profiles.get([cx.scope.account, name.toLowerCase()]);
  const arn = found
    ? entityArn("instance-profile", found)
    : `arn:aws:iam::${cx.scope.account}:instance-profile${input.Path ?? "/"}${name}`;
  return { resource: arn, context: keysOf(input) };
}

export function onProvider(
  input: Named & { OpenIDConnectProviderArn?: string | undefined; Url?: string | undefined },
  cx: Cx,
): Ask {
  const url = (input.Url ?? "").replace(/^https:\/\//, "");
  const arn = input.OpenIDConnectProviderArn ?? `arn:aws:iam::${cx.scope.account}:oidc-provider/${url}`;
  return { resource: arn, context: keysOf(input) };
}

export function onAnything(): Ask {
  return { resource: "*" };
}

/** An entity to be made stands at the path asked for. */
function withPath(arn: string, path: string | undefined): string {
  if (path === undefined) return arn;
  const [, start = "", name = ""] = /^(arn:aws:iam::\d{12}:[a-z]+)\/(?:.*\/)?([^/]*)$/.exec(arn) ?? [];
  return `${start}${path}${name}`;
}
