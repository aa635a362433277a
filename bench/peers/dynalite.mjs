/** dynalite on disk in a process of its own: `node dynalite.mjs DIRECTORY`. Prints `ready http://127.0.0.1:PORT`. */
// @ts-expect-error the package has no types
import dynalite from "dynalite";

const server = dynalite({ path: process.argv[2], createTableMs: 0 });
server.listen(0, "127.0.0.1", () => console.log(`ready http://127.0.0.1:${server.address().port}`));
