/** Drawn on 24 × 24, by stroke alone, so that they take the colour of the text around them. */
export const PATHS: Readonly<Record<string, string>> = {
  live: "M3 12h4l3-7 4 14 3-7h4",
  trace: "M4 6h10M8 12h12M6 18h8",
  time: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M12 7v5l3.5 2",
  faults: "M13 3 5 14h6l-1 7 8-11h-6z",
  resources: "M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM13 13h7v7h-7z",
  inbox: "M3 6h18v12H3zM3 7l9 7 9-7",
  denials: "M12 3l8 3v6c0 5-3.5 8-8 9-4.5-1-8-4-8-9V6zM9 9.5l6 6M15 9.5l-6 6",
  system: "M3 5h18v11H3zM8 20h8M12 16v4",
  light:
    "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5 19 19M19 5l-1.5 1.5M6.5 17.5 5 19",
  dark: "M20 14.5A8.5 8.5 0 0 1 9.5 4a8.5 8.5 0 1 0 10.5 10.5z",
  close: "M6 6l12 12M18 6 6 18",
  function: "M6 4h3l7 16h3M11.5 10.5 6 20",
  table: "M4 5h16v14H4zM4 10h16M4 14.5h16M10 5v14",
  bucket: "M5 6c0-2 14-2 14 0l-2 13c0 1.5-10 1.5-10 0zM5 6c0 2 14 2 14 0",
  queue: "M3 8h4v8H3zM10 8h4v8h-4zM17 8h4v8h-4z",
  topic: "M4 10v4h3l6 4V6L7 10zM16.5 9a4 4 0 0 1 0 6M19 6.5a8 8 0 0 1 0 11",
  bus: "M3 12h18M7 12V6M12 12v6M17 12V6M7 4.5v1M17 4.5v1M12 18.5v1",
  rule: "M4 5h16l-6 8v6l-4-2v-4z",
  schedule: "M4 6h16v14H4zM4 10h16M8 3v4M16 3v4M12 13v3l2 1",
  pipe: "M3 9v6M21 9v6M3 10.5h18M3 13.5h18",
  workflow: "M9 3h6v5H9zM3 16h6v5H3zM15 16h6v5h-6zM12 8v4M6 16v-4h12v4",
  "http-api": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  "rest-api": "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
  "user-pool": "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-5 3.5-7 8-7s8 2 8 7",
  secret: "M6 11h12v9H6zM8.5 11V8a3.5 3.5 0 0 1 7 0v3",
  caller: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8M4 21c0-5 3.5-7 8-7s8 2 8 7",
};

export function Icon({ name }: { name: string }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" width="20" height="20" aria-hidden="true">
      <path d={PATHS[name] ?? PATHS["resources"]} />
    </svg>
  );
}
