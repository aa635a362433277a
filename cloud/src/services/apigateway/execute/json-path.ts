import { findByPath } from "../../../engines/asl/path.ts";
import type { Json } from "../../../engines/asl/json.ts";

/**
 * What a JSONPath names in a value, by the rules of the library that API Gateway shares with Step Functions.
 * @returns undefined where there is nothing, or where the path cannot be read
 */
export function findJsonPath(value: unknown, path: string): unknown {
  try {
    return findByPath(path, { input: value as Json, context: {}, variables: {} });
  } catch {
    return undefined;
  }
}
