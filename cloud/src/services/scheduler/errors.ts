import { AwsError } from "../../aws/error.ts";

export const scheduleNotFound = (name: string) =>
  new AwsError("ResourceNotFoundException", `Schedule ${name} does not exist.`);
export const groupNotFound = (name: string) =>
  new AwsError("ResourceNotFoundException", `Schedule group ${name} does not exist.`);
export const scheduleExists = (name: string) => new AwsError("ConflictException", `Schedule ${name} already exists.`);
export const groupExists = (name: string) =>
  new AwsError("ConflictException", `Schedule group ${name} already exists.`);
export const invalidExpression = (expression: string) => invalid(`Invalid Schedule Expression ${expression}.`);
export const invalidTimeZone = (name: string) => invalid(`Invalid Schedule Expression Timezone ${name}.`);
export const startIsPast = () => invalid("The StartDate you specify cannot be earlier than 5 minutes ago.");
export const startAfterEnd = () => invalid("The StartDate you specify must come before the EndDate you specify.");
export const cannotAssume = () =>
  invalid("The execution role you provide must allow AWS EventBridge Scheduler to assume the role.");
export const malformedArn = (parameter: "Arn" | "RoleArn") =>
  invalid(`Provided ${parameter} is not in correct format.`);
export const invalidRequest = (reason: string) => invalid(`Invalid RequestJson provided. Reason ${reason}`);
export const invalidToken = () => invalid("Invalid NextToken.");

/** @param message the whole text */
export function invalid(message: string): AwsError {
  return new AwsError("ValidationException", message);
}
