import { useCallback, useEffect, useRef, useState } from "react";

export interface Loaded<T> {
  value: T | undefined;
  error: Error | undefined;
  reload: () => void;
}

/** Loads now, when `key` changes, and every `everyMs` where given. What was loaded stays while the next is on its way. */
export function useLoaded<T>(load: () => Promise<T>, key: string, everyMs?: number): Loaded<T> {
  const [state, setState] = useState<{ key: string; value?: T; error?: Error }>({ key });
  const latest = useRef(load);
  latest.current = load;
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isCurrent = true;
    const run = () =>
      latest.current().then(
        (value) => isCurrent && setState({ key, value }),
        (error: Error) => isCurrent && setState((former) => ({ ...former, key, error })),
      );
    void run();
    const timer = everyMs === undefined ? undefined : setInterval(run, everyMs);
    return () => {
      isCurrent = false;
      clearInterval(timer);
    };
  }, [key, round, everyMs]);
  const reload = useCallback(() => setRound((value) => value + 1), []);
  const isStale = state.key !== key;
  return { value: isStale ? undefined : state.value, error: isStale ? undefined : state.error, reload };
}

/** The part of the address behind `#`, e.g. `/trace/1-abc`. */
export function useRoute(): string {
  const [route, setRoute] = useState(() => location.hash.slice(1) || "/live");
  useEffect(() => {
    const changed = () => setRoute(location.hash.slice(1) || "/live");
    addEventListener("hashchange", changed);
    return () => removeEventListener("hashchange", changed);
  }, []);
  return route;
}

export function go(route: string): void {
  location.hash = route;
}

/** Runs an action of the person's: whether it runs, and what came of it. */
export function useAction<A extends unknown[], T>(action: (...given: A) => Promise<T>) {
  const [state, setState] = useState<{ isRunning: boolean; result?: T; error?: Error }>({ isRunning: false });
  const run = async (...given: A) => {
    setState((former) => ({ ...former, isRunning: true }));
    try {
      const result = await action(...given);
      setState({ isRunning: false, result });
    } catch (error) {
      setState({ isRunning: false, error: error as Error });
    }
  };
  return { ...state, run };
}
