import { readdirSync, watch, type FSWatcher } from "node:fs";
import { join } from "node:path";

/** Directories that hold no code of the developer's own, or too much to watch. */
const SKIPPED = new Set(["node_modules", ".git", "__pycache__", ".venv"]);
const DIRECTORIES_MAX = 2000;

/**
 * Notices that something in a directory changed. `node_modules` and the like are not watched.
 * Watches each directory by itself: Node's recursive watching on Linux looks at every file of `node_modules` as well.
 */
export class WatchedDirectory {
  /** Grows with every change. */
  version = 0;
  readonly #watchers = new Map<string, FSWatcher>();

  constructor(readonly path: string) {
    this.#watch(path);
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(directory: string): void {
    if (this.#watchers.has(directory) || this.#watchers.size >= DIRECTORIES_MAX) return;
    try {
      const watcher = watch(directory, { persistent: false }, () => {
        this.version++;
        this.#watchBelow(directory);
      });
      watcher.on("error", () => this.#forget(directory));
      this.#watchers.set(directory, watcher);
    } catch {
      // Gone before it could be watched: its parent tells of that.
      return;
    }
    this.#watchBelow(directory);
  }

  /** New directories are watched too; those that are gone are forgotten. */
  #watchBelow(directory: string): void {
    try {
      for (const entry of readdirSync(directory, { withFileTypes: true }))
        if (entry.isDirectory() && !SKIPPED.has(entry.name)) this.#watch(join(directory, entry.name));
    } catch {
      this.#forget(directory);
      // Replaced as a whole, as bundlers do with their output: look for the new one at the same place.
      if (directory === this.path) this.#watch(directory);
    }
  }

  #forget(directory: string): void {
    this.#watchers.get(directory)?.close();
    this.#watchers.delete(directory);
  }
}
