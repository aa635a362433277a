import type { Arn } from "../aws/arn.ts";
import type { Principal } from "../iam/principal.ts";
import type { ServiceContext } from "../service.ts";

/** Who reads a source, and where it is: the same for event source mappings and pipes. */
export interface Reader {
  readonly call: ServiceContext["call"];
  readonly source: Arn;
  readonly sourceArn: string;
  /** The role that reads, assumed anew where its session is over. @throws AwsError where it cannot be assumed */
  principal(): Promise<Principal>;
}

/** How the reader's calls are made. */
export async function asReader(reader: Reader): Promise<{ as: Principal; scope: Arn }> {
  return { as: await reader.principal(), scope: reader.source };
}
