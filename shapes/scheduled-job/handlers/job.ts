/** What the schedule gives to a run. */
export interface JobEvent {
  /** When it was to begin, ISO 8601: what a run is about goes by this, however late it begins. */
  readonly scheduledTime: string;
  readonly executionId: string;
}
