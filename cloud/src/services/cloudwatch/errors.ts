import { AwsError } from "../../aws/error.ts";

/** Codes are the query protocol's where the API model names an error otherwise. */
export function invalidParameterValue(message: string): AwsError {
  return new AwsError("InvalidParameterValue", message, { status: 400 });
}

export function invalidCombination(message: string): AwsError {
  return new AwsError("InvalidParameterCombination", message, { status: 400 });
}

export function missingParameter(message: string): AwsError {
  return new AwsError("MissingParameter", message, { status: 400 });
}

export function validationError(message: string): AwsError {
  return new AwsError("ValidationError", message, { status: 400 });
}

export function alarmNotFound(name: string): AwsError {
  return new AwsError("ResourceNotFound", `Alarm does not exist: ${name}`, { status: 404 });
}

export function resourceNotFound(resource: string): AwsError {
  return new AwsError("ResourceNotFoundException", `Unknown resource ${resource}`, { status: 404 });
}

export function limitExceeded(message: string): AwsError {
  return new AwsError("LimitExceeded", message, { status: 400 });
}

export function invalidNextToken(): AwsError {
  return new AwsError("InvalidNextToken", "Request parameter NextToken is invalid", { status: 400 });
}

export function invalidFormat(message: string): AwsError {
  return new AwsError("InvalidFormat", message, { status: 400 });
}

export function dashboardNotFound(names: readonly string[]): AwsError {
  const [first] = names;
  const message =
    names.length === 1 ? `Dashboard ${first} does not exist` : `Dashboards ${names.join(", ")} do not exist`;
  return new AwsError("DashboardNotFoundError", message, { status: 404 });
}

/** @param problems where the body is wrong, and how */
export function dashboardInvalid(problems: readonly { DataPath: string; Message: string }[]): AwsError {
  return new AwsError("DashboardInvalidInputError", "The field DashboardBody must be a valid JSON object", {
    status: 400,
    members: { dashboardValidationMessages: problems },
  });
}
