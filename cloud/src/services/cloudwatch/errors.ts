import { AwsError } from "../../aws/error.ts";

export function invalidParameterValue(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message);
}

export function invalidCombination(message: string): AwsError {
  return new AwsError("InvalidParameterCombination", message);
}

export function missingParameter(message: string): AwsError {
  return new AwsError("MissingParameter", message);
}

export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message);
}

export function alarmNotFound(name: string): AwsError {
  return new AwsError("ResourceNotFound", `Alarm does not exist: ${name}`, { status: 404 });
}

export function resourceNotFound(resource: string): AwsError {
  return new AwsError("ResourceNotFoundException", `Unknown resource ${resource}`, { status: 404 });
}

export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceeded", message);
}
