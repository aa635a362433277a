/** A failure of a state: an error name that Retry and Catch look at, and its cause. */
export class StatesError extends Error {
  /**
   * @param error the error name, e.g. `States.Runtime` or `Lambda.TooManyRequestsException`
   * @param cause the cause in words
   * @param field the field whose JSONata expression failed, for the `EvaluationFailed` event
   */
  constructor(
    readonly error: string | undefined,
    readonly causeText: string | undefined,
    readonly field?: string,
  ) {
    super(`${error ?? ""}: ${causeText ?? ""}`);
    this.name = "StatesError";
  }
}

export const runtimeError = (cause: string): StatesError => new StatesError("States.Runtime", cause);
