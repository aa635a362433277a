import { AwsError } from "../../aws/error.ts";

/** Which of the two APIs words an error: v1 (`ses`) or v2 (`sesv2`). */
export type Version = "v1" | "v2";

/** AWS: the text that everybody meets first. @param identities as the sender wrote itself, and its address */
export const notVerified = (region: string, identities: readonly string[]) =>
  new AwsError(
    "MessageRejected",
    `Email address is not verified. The following identities failed the check in region ${region.toUpperCase()}: ${identities.join(", ")}`,
  );
export const templateNotFound = (version: Version, name: string) =>
  version === "v1"
    ? new AwsError("TemplateDoesNotExistException", `Template ${name} does not exist.`, {
        members: { TemplateName: name },
      })
    : notFound(`Template ${name} does not exist.`);
export const templateExists = (version: Version, name: string) =>
  new AwsError("AlreadyExistsException", `Template ${name} already exists.`, {
    members: version === "v1" ? { Name: name } : {},
  });
export const configurationSetNotFound = (version: Version, name: string) =>
  version === "v1"
    ? new AwsError("ConfigurationSetDoesNotExistException", `Configuration set <${name}> does not exist.`, {
        members: { ConfigurationSetName: name },
      })
    : notFound(`Configuration set <${name}> does not exist.`);
export const configurationSetExists = (version: Version, name: string) =>
  version === "v1"
    ? new AwsError("ConfigurationSetAlreadyExistsException", `Configuration set <${name}> already exists.`, {
        members: { ConfigurationSetName: name },
      })
    : new AwsError("AlreadyExistsException", `Configuration set <${name}> already exists.`);
export const sendingPaused = (version: Version, where: string) =>
  version === "v1"
    ? new AwsError(
        where === "account" ? "AccountSendingPausedException" : "ConfigurationSetSendingPausedException",
        `Email sending is disabled for your ${where}.`,
      )
    : new AwsError("SendingPausedException", `Email sending is disabled for your ${where}.`);
export const invalidTemplate = (version: Version, name: string, reason: string) =>
  version === "v1"
    ? new AwsError("InvalidTemplateException", reason, { members: { TemplateName: name } })
    : badRequest(reason);
export const invalidData = (version: Version, name: string) =>
  version === "v1"
    ? new AwsError("InvalidRenderingParameterException", "Template rendering data is invalid", {
        members: { TemplateName: name },
      })
    : badRequest("Template rendering data is invalid");
export const missingAttribute = (version: Version, name: string, attribute: string) => {
  const message = `Attribute '${attribute}' is not present in the rendering data.`;
  return version === "v1"
    ? new AwsError("MissingRenderingAttributeException", message, { members: { TemplateName: name } })
    : badRequest(message);
};
export const invalidParameter = (version: Version, message: string) =>
  version === "v1" ? new AwsError("InvalidParameterValue", message, { status: 400 }) : badRequest(message);

export function notFound(message: string): AwsError {
  return new AwsError("NotFoundException", message);
}

export function badRequest(message: string): AwsError {
  return new AwsError("BadRequestException", message);
}
