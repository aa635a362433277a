import { AwsError } from "../../aws/error.ts";
import { validationError } from "../../deploy/template-error.ts";

export { validationError };

export const stackExists = (name: string) =>
  new AwsError("AlreadyExistsException", `Stack [${name}] already exists`, { status: 400 });
export const stackNotFound = (name: string) => validationError(`Stack [${name}] does not exist`);
export const stackWithIdNotFound = (name: string) => validationError(`Stack with id ${name} does not exist`);
export const resourceNotFound = (logicalId: string, stack: string) =>
  validationError(`Resource ${logicalId} does not exist for stack ${stack}`);
export const changeSetNotFound = (name: string) =>
  new AwsError("ChangeSetNotFound", `ChangeSet [${name}] does not exist`, { status: 404 });
export const changeSetStatus = (message: string) => new AwsError("InvalidChangeSetStatus", message, { status: 400 });
export const changeSetExists = (name: string) =>
  new AwsError(
    "AlreadyExistsException",
    `ChangeSet ${name} cannot be created due to a mismatch with existing attribute Template`,
    { status: 400 },
  );
export const insufficientCapabilities = (missing: readonly string[]) =>
  new AwsError("InsufficientCapabilitiesException", `Requires capabilities : [${missing.join(", ")}]`, { status: 400 });
export const notUpdatable = (stackId: string, status: string) =>
  validationError(`Stack:${stackId} is in ${status} state and can not be updated.`);
export const noUpdates = () => validationError("No updates are to be performed.");
export const tokenReused = () =>
  new AwsError("TokenAlreadyExistsException", "A client request token already exists.", { status: 400 });
