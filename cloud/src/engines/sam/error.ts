/** A resource (or the document) that SAM cannot transform, in SAM's words. */
export class SamError extends Error {
  override name = "SamError";
}

export function resourceError(logicalId: string, message: string): SamError {
  return new SamError(`Resource with id [${logicalId}] is invalid. ${message}`);
}

/** An error of an event: SAM tells the event, then the resource around it. */
export class EventError extends SamError {
  constructor(eventId: string, message: string) {
    super(`Event with id [${eventId}] is invalid. ${message}`);
  }
}

export function templateError(message: string): SamError {
  return new SamError(`Structure of the SAM template is invalid. ${message}`);
}

/** All errors of a document, told at once as SAM does. */
export class SamDocumentError extends Error {
  override name = "SamDocumentError";

  constructor(readonly causes: readonly string[]) {
    super(
      `Invalid Serverless Application Specification document. Number of errors found: ${causes.length}. ${causes.join(" ")}`,
    );
  }
}

/** Something that SAM has and Katachi does not emulate. */
export class SamGap extends Error {
  override name = "SamGap";
}
