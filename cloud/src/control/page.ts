import type { Status } from "./status.ts";

/** The console's address until the console itself is here: what runs, and how to reach it. Says what it is not. */
export function landingPage(status: Status): string {
  const rows: [string, string][] = [
    ["AWS endpoint", status.endpoint],
    ["Time here", status.clock.now],
    ["Data", status.dataDirectory],
    ["Services", status.services.join(", ")],
    [
      "Refused by name so far",
      Object.entries(status.refused)
        .map(([what, count]) => `${what} (${count})`)
        .join(", ") || "nothing",
    ],
  ];
  const table = rows
    .map(([name, value]) => `<tr><th scope="row">${escape(name)}</th><td>${escape(value)}</td></tr>`)
    .join("");
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Katachi</title>
<style>
  :root { color-scheme: light dark; font: 16px/1.6 system-ui, sans-serif; }
  body { max-width: 44rem; margin: 4rem auto; padding: 0 1.5rem; }
  h1 { font-weight: 600; letter-spacing: .02em; }
  h1 span { opacity: .5; font-weight: 400; }
  table { border-collapse: collapse; width: 100%; margin: 2rem 0; }
  th, td { text-align: left; vertical-align: top; padding: .5rem .75rem .5rem 0; border-bottom: 1px solid color-mix(in srgb, currentColor 15%, transparent); }
  th { font-weight: 500; white-space: nowrap; opacity: .7; }
  code { font: .9em ui-monospace, monospace; }
</style>
<h1>Katachi <span>形</span></h1>
<p>The local cloud is running. The console (catalog, composer, live picture) is not built yet: this page stands in its
place and shows what the running cloud says of itself.</p>
<p lang="ja">ローカルクラウドは動作中です。コンソール（カタログ、構成エディタ、ライブ表示）はまだありません。このページはその代わりに、稼働中のクラウドの状態だけを表示しています。</p>
<table>${table}</table>
<p>From a terminal: <code>katachi status</code>, <code>katachi trace</code>, <code>katachi logs</code>, <code>katachi time +3d</code>.</p>
</html>`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
