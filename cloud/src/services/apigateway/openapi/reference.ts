import { treeOf, type Tree } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";

/** What a local reference points to, or the value itself. @throws AwsError BadRequestException */
export function resolved(document: Tree, value: unknown): Tree {
  const tree = treeOf(value);
  const reference = tree["$ref"];
  if (typeof reference !== "string") return tree;
  let found: unknown = document;
  for (const part of reference.replace(/^#\//, "").split("/"))
    found = treeOf(found)[part.replaceAll("~1", "/").replaceAll("~0", "~")];
  if (found === undefined) throw badRequest(`Unable to resolve the reference ${reference}`);
  return treeOf(found);
}
