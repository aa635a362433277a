import type { Exchange } from "../execute/exchange.ts";

/** The integration's URI with the stage's variables filled in. */
export function uriOf({ method, stage }: Exchange): string {
  const uri = method!.integration.uri ?? "";
  return uri.replace(/\$\{stageVariables\.([\w-]+)\}/g, (_, name: string) => stage.variables?.[name] ?? "");
}
