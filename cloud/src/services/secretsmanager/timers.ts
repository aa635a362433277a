/** Kinds of durable timers; their names are the secrets' ARNs. */
export const DELETION = "secretsmanager.deletion";
export const ROTATION = "secretsmanager.rotation";
