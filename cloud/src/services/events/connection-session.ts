import type { Scope } from "../../aws/scope.ts";
import { Undeliverable } from "../../kernel/delivery.ts";
import type { ConnectionRecord } from "../../outbound/connections.ts";
import { TargetFailure } from "../../outbound/failure.ts";
import { type Context, scopeKey } from "./state.ts";

const TRIES = 3;

/** Has new and changed connections authorized: with OAuth their first token decides, the others are taken as they are. */
export function startAuthorizing(cx: Context): void {
  const { state, kernel } = cx;
  const find = ({ account, region, name }: Scope & { name: string }) =>
    state.connections.get([...scopeKey({ account, region }), name]);
  const note = (scope: Scope & { name: string }, change: Partial<ConnectionRecord>) => {
    const record = find(scope);
    if (record?.state === "AUTHORIZING")
      state.connections.put([...scopeKey(scope), scope.name], { ...record, ...change });
  };
  state.authorizeLater = kernel.deliveries.register<Scope & { name: string }>({
    name: "events.connection-authorization",
    async attempt({ payload }) {
      const record = find(payload);
      if (record?.state !== "AUTHORIZING") return;
      state.sessions.forget(record);
      try {
        await state.sessions.authorize(record, new Headers(), cx.endpoint());
      } catch (error) {
        if (error instanceof TargetFailure && !error.retriable) throw new Undeliverable(error.message);
        throw error;
      }
      note(payload, { state: "AUTHORIZED", authorizedMs: kernel.clock.now() });
    },
    retryAfterMs: (_error, { failures }) => (failures < TRIES ? 1000 * 2 ** failures : undefined),
    exhausted: async ({ payload }, error) => {
      note(payload, { state: "DEAUTHORIZED", reason: error instanceof Error ? error.message : String(error) });
    },
  });
}
