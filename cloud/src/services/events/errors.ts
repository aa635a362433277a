import { AwsError } from "../../aws/error.ts";

export const validation = (message: string) => new AwsError("ValidationException", message, { status: 400 });
/** @param what with its name, e.g. `Rule nightly` */
export const notFound = (what: string) =>
  new AwsError("ResourceNotFoundException", `${what} does not exist.`, { status: 400 });
export const ruleNotFound = (rule: string, bus: string) =>
  new AwsError("ResourceNotFoundException", `Rule ${rule} does not exist on EventBus ${bus}.`, { status: 400 });
export const busNotFound = (bus: string) => notFound(`Event bus ${bus}`);
export const alreadyExists = (what: string) =>
  new AwsError("ResourceAlreadyExistsException", `${what} already exists.`, { status: 400 });
export const invalidPattern = (reason: string) =>
  new AwsError("InvalidEventPatternException", `Event pattern is not valid. Reason: ${reason}`, { status: 400 });
export const invalidParameter = (name: string, reason?: string) =>
  validation(`Parameter ${name} is not valid.${reason === undefined ? "" : ` Reason: ${reason}`}`);
export const limitExceeded = (message: string) => new AwsError("LimitExceededException", message, { status: 400 });
export const managedRule = (rule: string) =>
  new AwsError("ManagedRuleException", `Rule ${rule} is a managed rule and cannot be changed.`, { status: 400 });
export const illegalStatus = (message: string) => new AwsError("IllegalStatusException", message, { status: 400 });
export const invalidState = (message: string) => new AwsError("InvalidStateException", message, { status: 400 });
export const policyTooLong = () =>
  new AwsError("PolicyLengthExceededException", "The event bus policy size exceeds the limit.", { status: 400 });
export const statementNotFound = () =>
  new AwsError("ResourceNotFoundException", "Statement with the provided id does not exist.", { status: 400 });
export const noPolicy = () =>
  new AwsError("ResourceNotFoundException", "EventBus does not have a policy.", { status: 400 });
export const invalidToken = () => validation("NextToken is not valid.");
