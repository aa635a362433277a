/** A mistake of the caller's, told as `{ "error": … }` with this status. */
export class ControlError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** @throws ControlError where a member of a body is no text or an empty one */
export function textOf(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value === "string" && value !== "") return value;
  throw new ControlError(400, `${name} is ${JSON.stringify(value)}; allowed: a text.`);
}
