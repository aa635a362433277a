import { fileURLToPath } from "node:url";

/** Folder of the built console: static files, to be served as they are. */
export const consoleDirectory = fileURLToPath(new URL("dist", import.meta.url));
