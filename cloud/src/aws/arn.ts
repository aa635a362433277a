import { PARTITION, type Scope } from "./scope.ts";

/** The parts of an Amazon Resource Name: `arn:partition:service:region:account:resource`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** All after the fifth colon, e.g. `function:orders:live` or `table/Orders/index/by-status`. */
  readonly resource: string;
}

/** Writes the ARN of a resource in a scope, e.g. `arn("sqs", scope, "jobs")`. */
export function arn(service: string, scope: Scope, resource: string): string {
  return `arn:${PARTITION}:${service}:${scope.region}:${scope.account}:${resource}`;
}

/** Writes the ARN of a resource of a global service (IAM, STS): no Region. */
export function globalArn(service: string, account: string, resource: string): string {
  return `arn:${PARTITION}:${service}::${account}:${resource}`;
}

/** Takes an ARN apart; undefined where the text is none. */
export function findArn(text: string): Arn | undefined {
  if (!text.startsWith("arn:")) return undefined;
  const parts = text.split(":");
  if (parts.length < 6) return undefined;
  const [, partition, service, region, account] = parts as [string, string, string, string, string];
  const resource = parts.slice(5).join(":");
  if (!partition || !service || !resource) return undefined;
  return { partition, service, region, account, resource };
}
