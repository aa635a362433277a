import { dynamodbStream } from "./dynamodb-stream.ts";
import type { StreamKind } from "./stream-kind.ts";

/** The kinds of streams that can be read, by the service in the stream's ARN. */
const STREAM_KINDS: Readonly<Record<string, StreamKind>> = { dynamodb: dynamodbStream };

export function findStreamKind(service: string): StreamKind | undefined {
  return STREAM_KINDS[service];
}
