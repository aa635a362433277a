import type { Json } from "./json.ts";
import type { PythonDict } from "./python-dict.ts";
import type { ParameterResolver } from "./parameters.ts";
import type { UsagePlanShare } from "./usage-plan-share.ts";

/** A CloudFormation resource that SAM makes. */
export interface Made {
  readonly logicalId: string;
  readonly type: string;
  properties: Json;
  dependsOn?: unknown;
  /** `Condition`, `DeletionPolicy`, …: what stands beside the properties. */
  attributes: Json;
}

/** A resource of the template, after Globals. */
export interface Source {
  readonly logicalId: string;
  readonly type: string;
  /** As SAM's resource keeps them; API documents are held beside (`Context.apiBodies`). */
  readonly properties: Json;
  readonly resource: Json;
}

/** What the resources of one template share while it is transformed. */
export interface Context {
  readonly resources: Map<string, Json>;
  /** The `Conditions` section, which SAM may add to. */
  readonly conditions: Json;
  readonly parameters: ParameterResolver;
  /** ARNs of AWS managed policies by name. */
  readonly managedPolicies: Readonly<Record<string, string>>;
  /** Names of a function's events in the order in which SAM goes through them; undefined for that of the template. */
  readonly eventNames: (logicalId: string) => string[] | undefined;
  /** OpenAPI documents of `AWS::Serverless::Api`, by logical id. */
  readonly apiBodies: Map<string, PythonDict>;
  /** Names of functions behind an API, which take part in the name of its deployment. */
  readonly functionNames: Map<string, string>;
  /** Whether strings of the template are Python's `unicode` (see python-dict.ts). */
  readonly isUnicode: boolean;
  readonly usagePlan: UsagePlanShare;
  /** Resources of the result, by logical id: connectors read and change what others have become. */
  readonly made: Map<string, Json>;
  /** Seconds, for `AlwaysDeploy`. */
  readonly nowSeconds: number;
}

const SUPPORTED_ATTRIBUTES = ["DeletionPolicy", "UpdatePolicy", "Condition", "UpdateReplacePolicy", "Metadata"];
const PASSED_ATTRIBUTES = ["Condition", "DeletionPolicy", "UpdateReplacePolicy"];

/** What the resource of the same name keeps of the attributes. */
export function ownAttributes(resource: Json): Json {
  return pick(resource, SUPPORTED_ATTRIBUTES);
}

/** What goes on to the resources made beside it. */
export function passedAttributes(resource: Json): Json {
  return pick(resource, PASSED_ATTRIBUTES);
}

function pick(resource: Json, names: readonly string[]): Json {
  return Object.fromEntries(names.filter((name) => name in resource).map((name) => [name, resource[name]]));
}

/** A made resource as the template has it. */
export function asTemplate({ type, dependsOn, attributes, properties }: Made): Json {
  const given = Object.entries(properties).filter(([, value]) => value !== undefined && value !== null);
  const hasNeeds = Array.isArray(dependsOn) ? dependsOn.length > 0 : Boolean(dependsOn);
  return {
    Type: type,
    ...(hasNeeds ? { DependsOn: dependsOn } : {}),
    ...attributes,
    Properties: Object.fromEntries(given),
  };
}
