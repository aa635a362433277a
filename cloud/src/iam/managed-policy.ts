import { readFileSync } from "node:fs";
import { entityArn, type IamState } from "./state.ts";
import { packagePath } from "../package-path.ts";

/**
 * A policy as AWS publishes it (`arn:aws:iam::aws:policy/…`). `cloud/api/iam.managed-policies.json` holds those that
 * templates for serverless applications use, in the versions published by October 2026.
 */
export interface AwsManagedPolicy {
  readonly path: string;
  readonly version: string;
  readonly created: string;
  readonly updated: string;
  readonly document: unknown;
}

const TABLE = packagePath("api/iam.managed-policies.json");
let table: Readonly<Record<string, AwsManagedPolicy>> | undefined;
const ARN = /^arn:aws:iam::(aws|\d{12}):policy(\/.*\/|\/)([^/]+)$/;

/** Every AWS managed policy that is known here, by name. */
export function awsManagedPolicies(): Readonly<Record<string, AwsManagedPolicy>> {
  table ??= JSON.parse(readFileSync(TABLE, "utf8")) as Record<string, AwsManagedPolicy>;
  return table;
}

export function findAwsManagedPolicy(arn: string): AwsManagedPolicy | undefined {
  const [, account, path, name] = ARN.exec(arn) ?? [];
  if (account !== "aws" || name === undefined) return undefined;
  const found = Object.hasOwn(awsManagedPolicies(), name) ? awsManagedPolicies()[name] : undefined;
  return found?.path === path ? found : undefined;
}

/** The document in force of a managed policy, AWS's or a customer's; undefined where there is no such policy. */
export function findManagedDocument(state: IamState, arn: string): string | undefined {
  const [, account, , name] = ARN.exec(arn) ?? [];
  if (account === undefined || name === undefined) return undefined;
  if (account === "aws") {
    const found = findAwsManagedPolicy(arn);
    return found && JSON.stringify(found.document);
  }
  const policy = state.policies.get([account, name.toLowerCase()]);
  if (!policy || entityArn("policy", policy) !== arn) return undefined;
  return policy.versions.find((version) => version.id === policy.defaultVersion)?.document;
}
