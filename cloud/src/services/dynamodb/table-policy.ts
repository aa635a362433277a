import { findPolicyFault } from "../../iam/validation.ts";
import { invalid } from "./errors.ts";

const POLICY_BYTES_MAX = 20 * 1024;

/** @throws ValidationException for a text that is no policy for a resource */
export function checkPolicy(text: string): void {
  const fault =
    Buffer.byteLength(text) > POLICY_BYTES_MAX
      ? `The policy is larger than ${POLICY_BYTES_MAX} bytes.`
      : findPolicyFault(text, "resource");
  if (fault !== undefined) throw invalid(`Invalid policy document: ${fault}`);
}
