/** Answers of the API: JSON to programs, pages to people. */

export function answer(statusCode: number, body: unknown) {
  return { statusCode, headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

export function problem(statusCode: number, title: string, detail: string) {
  const body = JSON.stringify({ title, status: statusCode, detail });
  return { statusCode, headers: { "content-type": "application/problem+json" }, body };
}

/** @param html trusted: whatever comes from people is escaped before */
export function page(statusCode: number, title: string, html: string) {
  return {
    statusCode,
    headers: { "content-type": "text/html; charset=utf-8", "cache-control": "no-store" },
    body: `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title><h1>${title}</h1>${html}`,
  };
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}
