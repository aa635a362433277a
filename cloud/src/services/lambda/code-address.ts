import type { HttpResponse } from "../../http.ts";
import type { CallContext, DataPlane } from "../../service.ts";
import type { LambdaState } from "./state.ts";

/** AWS: "GetFunction": a link to the deployment package that is valid for 10 minutes. */
const VALID_MS = 10 * 60_000;
const PREFIX = "/_aws/lambda/code/";

/** An address at which the code can be had for ten minutes by whoever knows it. */
export function codeLocation({ state, kernel, endpoint }: CallContext<LambdaState>, sha256: string): string {
  const now = kernel.clock.now();
  for (const [token, { expiresMs }] of state.codeTokens) if (expiresMs <= now) state.codeTokens.delete(token);
  const token = kernel.random.hex(64);
  state.codeTokens.set(token, { sha256, expiresMs: now + VALID_MS });
  return `${endpoint()}${PREFIX}${token}`;
}

/** Serves what `Code.Location` of GetFunction and `Content.Location` of GetLayerVersion name. */
export const codeDownload: DataPlane<LambdaState, string> = {
  operation: "DownloadCode",
  match: ({ path, method }) => (method === "GET" && path.startsWith(PREFIX) ? path.slice(PREFIX.length) : undefined),
  // The address is itself the permission.
  authorize: () => [],
  async handle({ state, kernel }, _request, token): Promise<HttpResponse> {
    const found = state.codeTokens.get(token);
    if (!found || found.expiresMs <= kernel.clock.now())
      return { status: 403, headers: { "Content-Type": "text/plain" }, body: "The address has expired or never was" };
    return {
      status: 200,
      headers: { "Content-Type": "application/zip" },
      body: await state.readCode(found.sha256),
    };
  },
};
