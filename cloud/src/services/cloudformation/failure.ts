import { AwsError, NotEmulatedError } from "../../aws/error.ts";

/** A step that failed for a reason that is to be told as it is. */
export class StepFailure extends Error {
  override name = "StepFailure";
}

/** A step that was called off, by the user or since another one failed. */
export class Cancelled extends Error {
  override name = "Cancelled";
}

const services = new WeakMap<AwsError, string>();

/** Notes which service gave an error, for the reason that is told of it. */
export function noteService(error: unknown, service: string): void {
  if (error instanceof AwsError) services.set(error, service);
}

/**
 * Why a step failed, as `ResourceStatusReason` tells it.
 * @param token the step's request token; @param requestId stands for that of the service's answer
 */
export function reasonOf(error: unknown, action: string, token: string, requestId: string): string {
  if (error instanceof Cancelled) return `Resource ${action} cancelled`;
  if (error instanceof StepFailure) return error.message;
  if (error instanceof NotEmulatedError) return error.message;
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof AwsError))
    return `Resource handler returned message: "${message}" (RequestToken: ${token}, HandlerErrorCode: InternalFailure)`;
  const service = services.get(error);
  if (service === undefined) return message;
  const where = ` (Service: ${titleCase(service)}, Status Code: ${error.status ?? 400}, Request ID: ${requestId})`;
  return `Resource handler returned message: "${message}${where}" (RequestToken: ${token}, HandlerErrorCode: ${handlerErrorCode(error)})`;
}

/** Whether a service says that there is nothing (more) to delete. */
export function isNotFound(error: unknown): boolean {
  if (!(error instanceof AwsError) || error instanceof NotEmulatedError) return false;
  return NOT_FOUND.test(error.code) || error.status === 404;
}

const NOT_FOUND = /NotFound|NoSuch|NonExist|DoesNotExist|NotExist/i;
const CODES: readonly (readonly [RegExp, string])[] = [
  [/AlreadyExist|AlreadyOwned|Exists$|ResourceInUse|Conflict/i, "AlreadyExists"],
  [NOT_FOUND, "NotFound"],
  [/AccessDenied|Unauthorized|NotAuthorized|Forbidden/i, "AccessDenied"],
  [/Throttl|TooManyRequests|RequestLimit/i, "Throttling"],
  [/Limit|Quota|TooMany/i, "ServiceLimitExceeded"],
  [/Internal|ServiceUnavailable/i, "ServiceInternalError"],
  [/Invalid|Validation|Malformed|Missing|BadRequest/i, "InvalidRequest"],
];

/** The registry's handler error codes ("Error codes" of resource types). */
function handlerErrorCode(error: AwsError): string {
  return CODES.find(([pattern]) => pattern.test(error.code))?.[1] ?? "GeneralServiceException";
}

function titleCase(service: string): string {
  return service.charAt(0).toUpperCase() + service.slice(1);
}
