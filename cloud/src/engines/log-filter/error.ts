/** A filter pattern that CloudWatch Logs would refuse. */
export class FilterPatternError extends Error {
  override name = "FilterPatternError";

  /**
   * @param message AWS's own text where the cause has one (a term with characters it may not have, a brace that does not
   *   close); else what is wrong, for the trace: the service then answers its generic "Invalid … filter pattern".
   * @param specific whether AWS names this cause
   */
  constructor(
    message: string,
    readonly specific: boolean,
  ) {
    super(message);
  }
}

export function malformed(why: string): FilterPatternError {
  return new FilterPatternError(why, false);
}

/** AWS: "Invalid character(s) in term 'x'". */
export function badTerm(term: string): FilterPatternError {
  return new FilterPatternError(`Invalid character(s) in term '${term}'`, true);
}
