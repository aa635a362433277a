import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packagePath } from "../package-path.ts";
import type { Kind, Protocol } from "./shape.ts";

/** The files of cloud/api, as scripts/generate-api.mjs writes them. */

export type Traits = Record<string, unknown>;
export type Ref = number | string;
export type MemberRow = [name: string, ref: Ref, traits?: Traits];
export interface TableFile {
  service: {
    name: string;
    serviceId: string;
    signingName: string;
    protocol: Protocol;
    version: string;
    targetPrefix: string;
    xmlNamespace?: string;
    queryNamespace?: string;
    awsQueryCompatible?: boolean;
  };
  operations: Record<string, [input: Ref, output: Ref, traits: Traits]>;
  otherOperations: string[];
  shapes: Record<string, unknown[]>;
  enums: Record<string, string[]>;
}
export interface ConstraintRow {
  kind?: Kind;
  min?: number;
  max?: number;
  pattern?: string;
  enum?: string[];
  member?: string;
  key?: string;
  value?: string;
}
export interface ConstraintFile {
  types: Record<string, ConstraintRow>;
  members: Record<string, Record<string, string>>;
}

const API_DIRECTORY = packagePath("api");

/** Reads a file of cloud/api. */
export function readTable<T>(file: string): T {
  return JSON.parse(readFileSync(join(API_DIRECTORY, file), "utf8")) as T;
}
