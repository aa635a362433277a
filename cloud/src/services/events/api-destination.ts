import { arn } from "../../aws/arn.ts";
import { NotEmulatedError } from "../../aws/error.ts";
import type { Scope } from "../../aws/scope.ts";
import type { ApiDestinationRecord, ConnectionRecord } from "../../outbound/connections.ts";

export function apiDestinationArn(scope: Scope, { name, uuid }: Pick<ApiDestinationRecord, "name" | "uuid">): string {
  return arn("events", scope, `api-destination/${name}/${uuid}`);
}

export function connectionArn(scope: Scope, { name, uuid }: Pick<ConnectionRecord, "name" | "uuid">): string {
  return arn("events", scope, `connection/${name}/${uuid}`);
}

/** @throws NotEmulatedError for connections into private networks */
export function refusePrivate(given: object | undefined): void {
  if (given !== undefined) throw new NotEmulatedError("connections to private APIs (ConnectivityParameters)");
}
