import { useEffect, useState } from "react";
import { get, type Status } from "./api.ts";
import { Boundary } from "./components/boundary.tsx";
import { Icon } from "./components/icon.tsx";
import { formatTime } from "./format.ts";
import { useLoaded, useRoute } from "./hooks.ts";
import { Live } from "./live/live.tsx";
import { setPreferences, usePreferences, useWords, type Theme } from "./preferences.ts";
import { startTraffic, useConnection } from "./traffic.ts";
import { SECTIONS } from "./sections.tsx";

const NEXT_THEME: Record<Theme, Theme> = { system: "light", light: "dark", dark: "system" };

export function App() {
  useEffect(startTraffic, []);
  const words = useWords();
  const route = useRoute();
  const isConnected = useConnection();
  const section = SECTIONS.find(({ id }) => route.startsWith(`/${id}`)) ?? SECTIONS[0]!;
  useEffect(() => {
    document.title = `${words.nav[section.id]} – Katachi`;
  }, [words, section]);
  return (
    <div className="shell">
      <header className="top">
        <a
          className="skip"
          href="#main"
          onClick={(event) => (event.preventDefault(), document.querySelector("main")?.focus())}
        >
          {words.skip}
        </a>
        <a className="brand" href="#/live">
          <img src="/icon.svg" alt="" width="24" height="24" />
          <b>Katachi</b>
        </a>
        <Clock />
        <span className="grow" />
        <Switches />
      </header>
      <nav className="nav" aria-label={words.nav.sections}>
        {SECTIONS.map(({ id, icon }) => (
          <a key={id} href={`#/${id}`} aria-current={id === section.id ? "page" : undefined}>
            <Icon name={icon} />
            <span>{words.nav[id]}</span>
          </a>
        ))}
      </nav>
      <main id="main" className="main" tabIndex={-1}>
        {isConnected === false && (
          <p className="lost" role="alert">
            {words.lost}
          </p>
        )}
        <Boundary place={route}>
          {section.id === "live" ? <Live /> : section.view(route.slice(section.id.length + 2))}
        </Boundary>
      </main>
    </div>
  );
}

function Clock() {
  const { value } = useLoaded(() => get<Status>("/api/status"), "status", 5000);
  const [now, setNow] = useState<number>();
  useEffect(() => {
    if (!value) return;
    const offset = Date.parse(value.clock.now) - Date.now();
    const tick = () => setNow(value.clock.mode === "frozen" ? Date.parse(value.clock.now) : Date.now() + offset);
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, [value]);
  return (
    <a className="clock" href="#/time">
      <Icon name="time" />
      <time>{now === undefined ? "…" : formatTime(now)}</time>
    </a>
  );
}

function Switches() {
  const words = useWords();
  const { language, theme } = usePreferences();
  return (
    <div className="switches">
      <button
        className="quiet"
        lang={language === "ja" ? "en" : "ja"}
        aria-label={words.language}
        onClick={() => setPreferences({ language: language === "ja" ? "en" : "ja" })}
      >
        {words.languageShort}
      </button>
      <button
        className="quiet"
        aria-label={words.theme[theme]}
        title={words.theme[theme]}
        onClick={() => setPreferences({ theme: NEXT_THEME[theme] })}
      >
        <Icon name={theme} />
      </button>
    </div>
  );
}
