import { invalidParameter } from "./errors.ts";
import { attributeOf } from "./lookup.ts";
import type { UserRecord } from "./state.ts";

const FILTER = /^\s*"?([\w:]+)"?\s*(\^?=)\s*"((?:[^"\\]|\\.)*)"\s*$/;
/** AWS: ListUsers, what may be searched by. Custom attributes may not. */
const SEARCHABLE = new Set([
  "username",
  "email",
  "phone_number",
  "name",
  "given_name",
  "family_name",
  "preferred_username",
  "cognito:user_status",
  "status",
  "sub",
]);

/** Reads the filter of ListUsers: `email = "a@b"` or `name ^= "Ki"`. @throws AwsError InvalidParameterException */
export function findUserFilter(text: string | undefined): (user: UserRecord) => boolean {
  if (text === undefined || text.trim() === "") return () => true;
  const match = FILTER.exec(text);
  if (!match) throw invalidParameter("Error while parsing filter");
  const [, name = "", operator, quoted = ""] = match;
  if (!SEARCHABLE.has(name)) throw invalidParameter(`Error while parsing filter: Invalid search attribute: ${name}`);
  const wanted = quoted.replace(/\\(.)/g, "$1");
  return (user) => {
    const value = valueOf(user, name);
    return value !== undefined && (operator === "=" ? value === wanted : value.startsWith(wanted));
  };
}

function valueOf(user: UserRecord, name: string): string | undefined {
  switch (name) {
    case "username":
      return user.Username;
    case "sub":
      return user.sub;
    case "cognito:user_status":
      return user.status;
    case "status":
      return user.enabled ? "Enabled" : "Disabled";
    default:
      return attributeOf(user, name);
  }
}
