import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

const client = new SecretsManagerClient();
const ARNS = JSON.parse(process.env["SECRETS"] ?? "{}") as Record<string, string>;
/** A new secret counts after five minutes at most. */
const KEPT_MS = 300_000;
const known = new Map<string, { value: string; untilMs: number }>();

/** What the provider signs with; undefined where it is none of ours. */
export async function secretOf(provider: string): Promise<string | undefined> {
  const SecretId = Object.hasOwn(ARNS, provider) ? ARNS[provider] : undefined;
  if (SecretId === undefined) return undefined;
  const kept = known.get(provider);
  if (kept && kept.untilMs > Date.now()) return kept.value;
  const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId }));
  known.set(provider, { value: SecretString, untilMs: Date.now() + KEPT_MS });
  return SecretString;
}
