import type { ReactNode } from "react";
import type { Words } from "./words.ts";

interface SectionOfConsole {
  readonly id: Exclude<keyof Words["nav"], "sections">;
  readonly icon: string;
  /** @param rest of the route, behind the section's name */
  readonly view: (rest: string) => ReactNode;
}

/** What the navigation offers, in its order. */
export const SECTIONS: readonly SectionOfConsole[] = [{ id: "live", icon: "live", view: () => null }];
