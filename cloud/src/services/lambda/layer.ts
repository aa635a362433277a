import { arn, findArn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";

/** Takes apart a layer's name or ARN, with or without version. */
export function readLayerArn(text: string): { scope: Scope; name: string; version: number | undefined } | undefined {
  const found = findArn(text);
  const [kind, name, version] = found?.resource.split(":") ?? [];
  if (!found || kind !== "layer" || !name) return undefined;
  return {
    scope: { account: found.account, region: found.region },
    name,
    version: version === undefined ? undefined : Number(version),
  };
}

export function layerArn(scope: Scope, name: string, version?: number): string {
  return arn("lambda", scope, version === undefined ? `layer:${name}` : `layer:${name}:${version}`);
}
