import type { Protocol } from "../model.ts";
import { awsJson } from "./aws-json.ts";
import type { Codec } from "./codec.ts";
import { awsQuery, ec2Query } from "./query.ts";
import { restJson1 } from "./rest-json.ts";
import { restXml } from "./rest-xml.ts";

export type { Answered, ApiRequest, Codec, Refused } from "./codec.ts";

const CODECS: Partial<Record<Protocol, Codec>> = {
  awsJson1_0: awsJson("1.0"),
  awsJson1_1: awsJson("1.1"),
  restJson1,
  restXml,
  awsQuery,
  ec2Query,
};

/** The codec of a protocol. CBOR comes as a promise: its library is loaded when first needed. */
export function codecOf(protocol: Protocol): Codec | Promise<Codec> {
  return CODECS[protocol] ?? loadCbor(protocol);
}

async function loadCbor(protocol: Protocol): Promise<Codec> {
  const { rpcv2Cbor, awsCbor } = await import("./cbor.ts");
  CODECS.rpcv2Cbor = rpcv2Cbor;
  CODECS.awsCbor = awsCbor;
  return protocol === "awsCbor" ? awsCbor : rpcv2Cbor;
}
