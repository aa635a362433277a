/** A mistake that the person at the keyboard can mend: what is wrong, what was given, what is allowed, what to do. */
export class UserError extends Error {
  constructor(
    message: string,
    /** 1: it failed; 2: it was asked wrongly. */
    readonly exitCode: 1 | 2 = 1,
  ) {
    super(message);
  }
}
