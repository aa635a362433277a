import type { SchemaAttributeType } from "@aws-sdk/client-cognito-identity-provider";
import { invalidParameter } from "./errors.ts";
import type { PoolRecord, UserRecord } from "./state.ts";

/** AWS: the attributes of OpenID Connect that every pool has. */
const TEXT: SchemaAttributeType = {
  AttributeDataType: "String",
  DeveloperOnlyAttribute: false,
  Mutable: true,
  Required: false,
  StringAttributeConstraints: { MinLength: "0", MaxLength: "2048" },
};
const TRUTH: SchemaAttributeType = {
  AttributeDataType: "Boolean",
  DeveloperOnlyAttribute: false,
  Mutable: true,
  Required: false,
};
const TEXTS = [
  "profile",
  "address",
  "birthdate",
  "gender",
  "preferred_username",
  "website",
  "picture",
  "middle_name",
  "given_name",
  "name",
  "locale",
  "nickname",
  "family_name",
  "phone_number",
  "zoneinfo",
  "email",
  "identities",
];
const CUSTOM_NAME_MAX = 20;
const VALUE_MAX = 2048;

/** The schema of a pool: the standard attributes as the call changes them, and its custom ones. */
export function completeSchema(given: readonly SchemaAttributeType[] = []): SchemaAttributeType[] {
  const schema = new Map<string, SchemaAttributeType>();
  schema.set("sub", {
    ...TEXT,
    Name: "sub",
    Mutable: false,
    Required: true,
    StringAttributeConstraints: { MinLength: "1", MaxLength: "2048" },
  });
  for (const Name of TEXTS) schema.set(Name, { ...TEXT, Name });
  for (const Name of ["email_verified", "phone_number_verified"]) schema.set(Name, { ...TRUTH, Name });
  schema.set("updated_at", {
    ...TRUTH,
    Name: "updated_at",
    AttributeDataType: "Number",
    NumberAttributeConstraints: { MinValue: "0" },
  });
  for (const attribute of given) {
    const standard = schema.get(attribute.Name ?? "");
    const made = standard ? { ...standard, ...definedOf(attribute) } : customAttribute(attribute);
    schema.set(made.Name!, made);
  }
  return [...schema.values()];
}

export function customAttribute(attribute: SchemaAttributeType): SchemaAttributeType {
  const name = (attribute.Name ?? "").replace(/^(?:custom|dev):/, "");
  if (name.length < 1 || name.length > CUSTOM_NAME_MAX)
    throw invalidParameter(
      `1 validation error detected: custom attribute name ${name} must have between 1 and ${CUSTOM_NAME_MAX} characters`,
    );
  if (attribute.Required) throw invalidParameter("Required custom attributes are not supported currently.");
  const prefix = attribute.DeveloperOnlyAttribute ? "dev:custom:" : "custom:";
  const type = attribute.AttributeDataType ?? "String";
  const constraints =
    type === "String"
      ? { StringAttributeConstraints: {} }
      : type === "Number"
        ? { NumberAttributeConstraints: {} }
        : {};
  return {
    AttributeDataType: type,
    DeveloperOnlyAttribute: false,
    Mutable: true,
    Required: false,
    ...constraints,
    ...definedOf(attribute),
    Name: prefix + name,
  };
}

function definedOf<T extends object>(value: T): T {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as T;
}

type Attributes = UserRecord["attributes"];

/**
 * Checks attributes that are given to a user.
 * @param isNew whether the user is made now: then immutable attributes may be set too
 * @throws AwsError InvalidParameterException
 */
export function checkAttributes(
  pool: PoolRecord,
  given: readonly { Name?: string | undefined; Value?: string | undefined }[] = [],
  isNew = false,
): Attributes {
  const schema = new Map((pool.SchemaAttributes ?? []).map((attribute) => [attribute.Name, attribute]));
  for (const { Name = "", Value = "" } of given) {
    const attribute = schema.get(Name);
    if (!attribute)
      throw invalidParameter(
        `Attributes did not conform to the schema: ${Name}: Attribute does not exist in the schema.\n`,
      );
    if (Name === "sub" || (!isNew && !attribute.Mutable))
      throw invalidParameter(`Cannot modify the non-mutable attribute ${Name}`);
    checkValue(attribute, Name, Value);
  }
  return given.map(({ Name = "", Value = "" }) => ({ Name, Value }));
}

/** @throws AwsError InvalidParameterException naming the required attributes that are missing */
export function checkRequired(pool: PoolRecord, given: readonly { Name?: string | undefined }[]): void {
  const names = new Set(given.map(({ Name }) => Name));
  const missing = (pool.SchemaAttributes ?? []).filter(
    ({ Name, Required }) => Required && Name !== "sub" && !names.has(Name),
  );
  if (missing.length > 0)
    throw invalidParameter(
      `Attributes did not conform to the schema: ${missing.map(({ Name }) => `${Name}: The attribute is required`).join("\n")}\n`,
    );
}

function checkValue(attribute: SchemaAttributeType, name: string, value: string): void {
  const refuse = (why: string) => invalidParameter(`Attributes did not conform to the schema: ${name}: ${why}\n`);
  const { StringAttributeConstraints: text, NumberAttributeConstraints: number, AttributeDataType: type } = attribute;
  if (value.length > Number(text?.MaxLength ?? VALUE_MAX))
    throw refuse("String must be no longer than the maximum length");
  if (value.length < Number(text?.MinLength ?? 0)) throw refuse("String must be no shorter than the minimum length");
  if (type === "Number" && !/^-?\d+$/.test(value)) throw refuse("Attribute must be a number");
  if (number?.MaxValue !== undefined && Number(value) > Number(number.MaxValue))
    throw refuse("Number is above the maximum");
  if (number?.MinValue !== undefined && Number(value) < Number(number.MinValue))
    throw refuse("Number is below the minimum");
  if (type === "Boolean" && !/^(?:true|false)$/i.test(value)) throw refuse("Attribute must be true or false");
  if (name === "email" && !/^[^\s@]+@[^\s@]+$/.test(value)) throw invalidParameter("Invalid email address format.");
  if (name === "phone_number" && !/^\+\d{1,15}$/.test(value)) throw invalidParameter("Invalid phone number format.");
}

/** Attributes with others laid over them; a changed address is no longer verified. */
export function withAttributes(former: Attributes, given: Attributes, verifiedNow: readonly string[] = []): Attributes {
  const merged = new Map(former.map((attribute) => [attribute.Name, attribute.Value]));
  for (const { Name, Value } of given) {
    const isChanged = merged.has(Name) && merged.get(Name) !== Value;
    merged.set(Name, Value);
    if (isChanged && (Name === "email" || Name === "phone_number")) merged.set(`${Name}_verified`, "false");
  }
  for (const { Name, Value } of given) if (Name.endsWith("_verified")) merged.set(Name, Value);
  for (const name of verifiedNow) merged.set(`${name}_verified`, "true");
  return Array.from(merged, ([Name, Value]) => ({ Name, Value }));
}
