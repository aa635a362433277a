import { AwsError } from "../../aws/error.ts";

/** Every error of Parameter Store, with AWS's code and text. */
const error = (code: string) => (message: string) => new AwsError(code, message, { status: 400 });

export const validation = error("ValidationException");
export const accessDenied = error("AccessDeniedException");
export const versionNotFound = error("ParameterVersionNotFound");
export const patternMismatch = error("ParameterPatternMismatchException");
export const invalidPattern = error("InvalidAllowedPatternException");
export const hierarchyLevelLimit = error("HierarchyLevelLimitExceededException");
export const typeMismatch = error("HierarchyTypeMismatchException");
export const maxVersions = error("ParameterMaxVersionLimitExceeded");
export const labelLimit = error("ParameterVersionLabelLimitExceeded");
export const invalidFilterKey = error("InvalidFilterKey");
export const invalidFilterOption = error("InvalidFilterOption");
export const invalidFilterValue = error("InvalidFilterValue");
export const invalidNextToken = error("InvalidNextToken");
export const invalidPolicyType = error("InvalidPolicyTypeException");
export const invalidPolicyAttribute = error("InvalidPolicyAttributeException");
export const incompatiblePolicy = error("IncompatiblePolicyException");
export const policiesLimit = error("PoliciesLimitExceededException");
export const tooManyTags = error("TooManyTagsError");

/** AWS: says no more than its code. */
export const notFound = () => error("ParameterNotFound")("");
export const alreadyExists = () =>
  error("ParameterAlreadyExists")(
    "The parameter already exists. To overwrite this value, set the overwrite option in the request to true.",
  );
export const invalidResourceId = () => error("InvalidResourceId")("");
