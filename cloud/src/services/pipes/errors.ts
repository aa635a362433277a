import { AwsError } from "../../aws/error.ts";

/** @param message the whole text */
export const invalid = (message: string) => new AwsError("ValidationException", message, { status: 400 });
/** AWS: names the member that is wrong within the message. */
export const invalidField = (Name: string, Message: string) =>
  new AwsError("ValidationException", JSON.stringify({ ValidationErrorFields: [{ Name, Message }] }), {
    status: 400,
    members: { fieldList: [{ name: Name, message: Message }] },
  });
export const pipeNotFound = (name: string) =>
  new AwsError("NotFoundException", `Pipe ${name} does not exist.`, { status: 404 });
export const pipeExists = (name: string) => conflict(name, `Pipe ${name} already exists.`);
export const pipeBusy = (name: string, state: string) =>
  conflict(name, `Pipe ${name} is in state ${state} and cannot be changed now.`);

function conflict(resourceId: string, message: string): AwsError {
  return new AwsError("ConflictException", message, { status: 409, members: { resourceId, resourceType: "Pipe" } });
}
