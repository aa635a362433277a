/** What a running cloud says of itself. */
export interface Status {
  version: string;
  endpoint: string;
  console: string;
  pid: number;
  dataDirectory: string;
  clock: { now: string; mode: string; offsetMs: number };
  services: string[];
  /** What was asked for and is not emulated, with counts. */
  refused: Record<string, number>;
}
