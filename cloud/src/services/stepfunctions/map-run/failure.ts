import { StatesError } from "../../../engines/asl/error.ts";

export const readerFailed = (cause: string): StatesError => new StatesError("States.ItemReaderFailed", cause);
export const writerFailed = (cause: string): StatesError => new StatesError("States.ResultWriterFailed", cause);
export const THRESHOLD = {
  error: "States.ExceedToleratedFailureThreshold",
  cause: "The specified tolerated failure threshold was exceeded",
} as const;
