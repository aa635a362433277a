import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of this package: the same from its sources as from what is built of them. */
const root = (() => {
  let directory = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(directory, "package.json"))) directory = dirname(directory);
  return directory;
})();

/** Path of a file that ships with this package, e.g. `packagePath("api/sqs.json")`. */
export function packagePath(relative: string): string {
  return join(root, relative);
}
