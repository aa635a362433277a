import { arn } from "../../aws/arn.ts";
import type { Scope } from "../../aws/scope.ts";
import { accessDenied, hierarchyLevelLimit, validation } from "./errors.ts";

/** AWS: "Requirements and constraints for parameter names". */
const LEVELS_MAX = 15;
const ARN_AND_NAME_MAX = 1_011;
const CHARACTERS = /^[a-zA-Z0-9_.\-/]+$/;

const PATH_RULE =
  'The parameter doesn\'t meet the parameter name requirements. The parameter name must begin with a forward slash "/". ' +
  'It can\'t be prefixed with "aws" or "ssm" (case-insensitive). It must use only letters, numbers, or the following symbols: ' +
  ". (period), - (hyphen), _ (underscore). Special characters are not allowed. All sub-paths, if specified, must use the forward " +
  'slash symbol "/". Valid example: /get/parameters2-/by1./path0_.';

export function parameterArn(scope: Scope, name: string): string {
  return arn("ssm", scope, `parameter${name.startsWith("/") ? "" : "/"}${name}`);
}

/** Checks the name of a parameter to be made. @throws AwsError ValidationException, AccessDeniedException, … */
export function checkName(scope: Scope, name: string): void {
  const bare = name.toLowerCase().replace(/^\//, "");
  const isPath = name.includes("/");
  if (isPath && bare.startsWith("aws")) throw accessDenied(`No access to reserved parameter name: ${name}.`);
  if (!isPath && (bare.startsWith("aws") || bare.startsWith("ssm")))
    throw validation('Parameter name: can\'t be prefixed with "aws" or "ssm" (case-insensitive).');
  if (bare.startsWith("ssm") || !CHARACTERS.test(name) || name.includes("//") || (isPath && name.endsWith("/")))
    throw validation(
      'Parameter name: can\'t be prefixed with "ssm" (case-insensitive). If formed as a path, it can consist of sub-paths ' +
        "divided by slash symbol; each sub-path can be formed as a mix of letters, numbers and the following 3 symbols .-_",
    );
  if (isPath && !name.startsWith("/")) throw validation("Parameter name must be a fully qualified name.");
  if (name.split("/").length - 1 > LEVELS_MAX)
    throw hierarchyLevelLimit(
      `A parameter hierarchy can have a maximum of ${LEVELS_MAX} levels. Parameter name ${name} has more.`,
    );
  if (parameterArn(scope, name).length > ARN_AND_NAME_MAX)
    throw validation(`The parameter name, with its ARN, can have a maximum of ${ARN_AND_NAME_MAX} characters.`);
}

/** @throws AwsError ValidationException for what is no path */
export function checkPath(path: string): void {
  const isPath = path.startsWith("/") && CHARACTERS.test(path) && !path.includes("//");
  if (!isPath) throw validation(PATH_RULE);
}

/** A parameter as a reader names it: `name`, `name:3`, `name:label` or its ARN with the same endings. */
export interface Selected {
  readonly name: string;
  /** `:3` or `:label`; empty for the version in force. */
  readonly selector: string;
}

export function parseSelected(scope: Scope, given: string): Selected {
  const start = `arn:aws:ssm:${scope.region}:${scope.account}:parameter/`;
  const isArn = given.startsWith(start);
  const rest = isArn ? given.slice(start.length) : given;
  const colon = rest.indexOf(":");
  const named = colon === -1 ? rest : rest.slice(0, colon);
  return { name: isArn && named.includes("/") ? `/${named}` : named, selector: colon === -1 ? "" : rest.slice(colon) };
}
