import type { ReactNode } from "react";
import { Denials } from "./denials/denials.tsx";
import { Faults } from "./faults/faults.tsx";
import { Inbox } from "./inbox/inbox.tsx";
import { Resources } from "./resources/resources.tsx";
import { Time } from "./time/time.tsx";
import { Trace } from "./trace/trace.tsx";
import type { Words } from "./words.ts";

interface SectionOfConsole {
  readonly id: Exclude<keyof Words["nav"], "sections">;
  readonly icon: string;
  /** @param rest of the route, behind the section's name */
  readonly view: (rest: string) => ReactNode;
}

/** What the navigation offers, in its order. */
export const SECTIONS: readonly SectionOfConsole[] = [
  { id: "live", icon: "live", view: () => null },
  { id: "trace", icon: "trace", view: (rest) => <Trace id={decodeURIComponent(rest)} /> },
  { id: "resources", icon: "resources", view: (rest) => <Resources id={decodeURIComponent(rest)} /> },
  { id: "inbox", icon: "inbox", view: (rest) => <Inbox id={decodeURIComponent(rest)} /> },
  { id: "time", icon: "time", view: () => <Time /> },
  { id: "faults", icon: "faults", view: () => <Faults /> },
  { id: "denials", icon: "denials", view: () => <Denials /> },
];
