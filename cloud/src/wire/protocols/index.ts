import type { Protocol } from "../model.ts";
import { awsJson } from "./aws-json.ts";
import type { Codec } from "./codec.ts";

export type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";

/** Every protocol there is. */
export const CODECS: Readonly<Record<Protocol, Codec>> = {
  awsJson1_0: awsJson("1.0"),
  awsJson1_1: awsJson("1.1"),
  restJson1: awsJson("1.1"),
  restXml: awsJson("1.1"),
  awsQuery: awsJson("1.1"),
  ec2Query: awsJson("1.1"),
  rpcv2Cbor: awsJson("1.1"),
  awsCbor: awsJson("1.1"),
};
