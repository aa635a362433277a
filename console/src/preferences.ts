import { useSyncExternalStore } from "react";
import { en, ja, type Words } from "./words.ts";

export type Language = "ja" | "en";
export type Theme = "system" | "light" | "dark";

interface Preferences {
  language: Language;
  theme: Theme;
}

const KEY = "katachi";
const listeners = new Set<() => void>();
let current: Preferences = load();
apply();

function load(): Preferences {
  const language: Language = navigator.language.startsWith("ja") ? "ja" : "en";
  try {
    return { language, theme: "system", ...(JSON.parse(localStorage.getItem(KEY) ?? "{}") as Partial<Preferences>) };
  } catch {
    return { language, theme: "system" };
  }
}

function apply(): void {
  document.documentElement.lang = current.language;
  document.documentElement.dataset["theme"] = current.theme;
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change };
  localStorage.setItem(KEY, JSON.stringify(current));
  apply();
  for (const listener of listeners) listener();
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => (listeners.add(listener), () => void listeners.delete(listener)),
    () => current,
  );
}

/** All words of the console in the language chosen. */
export function useWords(): Words {
  return usePreferences().language === "ja" ? ja : en;
}
