import { AwsError } from "../aws/error.ts";

/** What CloudFormation answers to a request or template that is wrong. */
export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message, { status: 400 });
}
