/** s3rver in a process of its own: `node s3rver.mjs DIRECTORY`. Prints `ready http://127.0.0.1:PORT`. */
// @ts-expect-error the package has no types
import S3rver from "s3rver";

const server = new S3rver({
  directory: process.argv[2],
  port: 0,
  address: "127.0.0.1",
  silent: true,
  allowMismatchedSignatures: true,
  configureBuckets: [{ name: "bench", configs: [] }],
});
const { port } = await server.run();
console.log(`ready http://127.0.0.1:${port}`);
