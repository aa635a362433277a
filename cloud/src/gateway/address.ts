import { API_PATH } from "../aws/addresses.ts";
import type { HttpHead } from "../http.ts";
import { decodePath } from "./request.ts";

/** Which API a request is for, by host or path. */
export interface ApiAddress {
  readonly apiId: string;
  /** The path behind the API's address, still encoded, beginning with `/`. A named stage may stand in front. */
  readonly path: string;
  /** The stage, where the address says it outright. */
  readonly stageName?: string;
}

const HOST = /^([a-z0-9]+)\.execute-api\./;
/** What older tools for local clouds use. */
const REST_PATH = /^\/restapis\/([^/]+)\/([^/]+)\/_user_request_(\/.*)?$/;
const DEFAULT_STAGE = /^\/(?:\$|%24)default(?=\/|$)/i;

/**
 * Finds the API that a request is for:
 *
 * - `Host: ID.execute-api.REGION.amazonaws.com` (or `ID.execute-api.localhost`), path as at AWS;
 * - `/_aws/execute-api/ID` and then the path as at AWS. `/$default` may stand before it, so that a route whose first
 *   segment is the name of a stage can be reached too;
 * - `/restapis/ID/STAGE/_user_request_` and then the path without the stage.
 */
export function findApiAddress({ host, path }: HttpHead): ApiAddress | undefined {
  if (path.startsWith(API_PATH)) return behindApiPath(path);
  if (path.startsWith("/restapis/")) {
    const match = REST_PATH.exec(path);
    return match
      ? { apiId: match[1]!, stageName: decodePath(match[2]!) ?? match[2]!, path: match[3] ?? "/" }
      : undefined;
  }
  const match = host.includes(".execute-api.") ? HOST.exec(host) : null;
  return match ? { apiId: match[1]!, path } : undefined;
}

function behindApiPath(path: string): ApiAddress {
  const slash = path.indexOf("/", API_PATH.length);
  if (slash < 0) return { apiId: path.slice(API_PATH.length), path: "/" };
  const apiId = path.slice(API_PATH.length, slash);
  const rest = path.slice(slash);
  const stage = DEFAULT_STAGE.exec(rest);
  return stage ? { apiId, stageName: "$default", path: rest.slice(stage[0].length) || "/" } : { apiId, path: rest };
}
