import { AwsError } from "../../aws/error.ts";

export const invalidArn = (arn: string) => new AwsError("InvalidArn", `Invalid Arn: 'Invalid ARN prefix: ${arn}'`);
export const invalidName = (name: string) => new AwsError("InvalidName", `Invalid Name: '${name}'`);
export const invalidDefinition = (problems: string) =>
  new AwsError("InvalidDefinition", `Invalid State Machine Definition: '${problems}'`);
export const invalidInput = (reason: string) =>
  new AwsError("InvalidExecutionInput", `Invalid State Machine Execution Input: '${reason}'`);
export const invalidOutput = (reason: string) => new AwsError("InvalidOutput", `Invalid Output: '${reason}'`);
export const invalidToken = (reason: string) => new AwsError("InvalidToken", `Invalid Token: '${reason}'`);
export const machineDoesNotExist = (arn: string) =>
  new AwsError("StateMachineDoesNotExist", `State Machine Does Not Exist: '${arn}'`);
export const machineAlreadyExists = (arn: string) =>
  new AwsError("StateMachineAlreadyExists", `State Machine Already Exists: '${arn}'`);
export const executionDoesNotExist = (arn: string) =>
  new AwsError("ExecutionDoesNotExist", `Execution Does Not Exist: '${arn}'`);
export const executionAlreadyExists = (arn: string) =>
  new AwsError("ExecutionAlreadyExists", `Execution Already Exists: '${arn}'`);
export const notRedrivable = (reason: string) => new AwsError("ExecutionNotRedrivable", reason);
export const activityDoesNotExist = (arn: string) =>
  new AwsError("ActivityDoesNotExist", `Activity Does Not Exist: '${arn}'`);
export const resourceNotFound = (arn: string) => new AwsError("ResourceNotFound", `Resource not found: '${arn}'`);
export const conflict = (reason: string) => new AwsError("ConflictException", reason);
export const taskTimedOut = () =>
  new AwsError("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'");
export const typeNotSupported = () =>
  new AwsError("StateMachineTypeNotSupported", "This operation is not supported by this type of state machine");
export const validation = (message: string) => new AwsError("ValidationException", message);
