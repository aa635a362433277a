import type { Input } from "../../aws/api-types.ts";
import type { Random } from "../../kernel/random.ts";
import { invalidParameter } from "./errors.ts";

const LENGTH = 32;
const LOWER = "abcdefghijklmnopqrstuvwxyz";
const NUMBERS = "0123456789";
const PUNCTUATION = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/** What GetRandomPassword and GenerateSecretString are told. */
export type PasswordRules = Input<"secretsmanager", "GetRandomPassword">;

/**
 * A random password by the rules of GetRandomPassword.
 * @throws AwsError InvalidParameterException where the rules leave nothing to choose from
 */
export function randomPassword(random: Random, rules: PasswordRules): string {
  const length = Number(rules.PasswordLength ?? LENGTH);
  const excluded = new Set(rules.ExcludeCharacters ?? "");
  const types = [
    rules.ExcludeLowercase ? "" : LOWER,
    rules.ExcludeUppercase ? "" : LOWER.toUpperCase(),
    rules.ExcludeNumbers ? "" : NUMBERS,
    rules.ExcludePunctuation ? "" : PUNCTUATION,
    rules.IncludeSpace ? " " : "",
  ].map((type) => [...type].filter((character) => !excluded.has(character)).join(""));
  const usable = types.filter((type) => type !== "");
  if (usable.length === 0)
    throw invalidParameter("The parameters exclude every character, so there is nothing to make a password of.");
  const required = (rules.RequireEachIncludedType ?? true) ? usable : [];
  if (length < required.length)
    throw invalidParameter(`Password length ${length} is too short based on the required types.`);
  const pool = usable.join("");
  const characters = required.map((type) => type[random.integer(type.length)]!);
  while (characters.length < length) characters.push(pool[random.integer(pool.length)]!);
  return shuffled(random, characters).join("");
}

function shuffled(random: Random, characters: string[]): string[] {
  for (let at = characters.length - 1; at > 0; at--) {
    const other = random.integer(at + 1);
    [characters[at], characters[other]] = [characters[other]!, characters[at]!];
  }
  return characters;
}
