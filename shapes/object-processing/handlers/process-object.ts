import type { S3Handler } from "aws-lambda";
import { isCsv, tableOf } from "./csv.ts";
import { incoming, read } from "./incoming.ts";
import { isPhoto, thumbnailsOf } from "./photo.ts";
import { isSettled, settle } from "./results.ts";

/**
 * Photos become thumbnails, CSV files JSON; whatever else comes is refused. What throws comes again twice, and then goes
 * to the failure destination with the reason: an object that cannot be read is a fact for people, not a secret in a log.
 */
export const handler: S3Handler = async (event) => {
  for (const record of event.Records) {
    const object = incoming(record);
    if (await isSettled(object)) {
      console.log(JSON.stringify({ message: "done before", key: object.key, sequencer: object.sequencer }));
      continue;
    }
    const body = await read(object);
    if (!body) {
      console.log(JSON.stringify({ message: "replaced or deleted since", key: object.key }));
      continue;
    }
    if (body.length === 0) throw new Error(`${object.key} is empty (0 bytes)`);
    await settle(object, await resultOf(object.key, body));
  }
};

async function resultOf(key: string, body: Buffer) {
  if (isPhoto(body)) return thumbnailsOf(key, body);
  if (isCsv(key)) return tableOf(key, body);
  throw new Error(`${key} is neither a JPEG or PNG image nor a CSV file`);
}
