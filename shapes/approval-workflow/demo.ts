/**
 * The demo of `approval-workflow`: an expense is asked for, the mail lies in the local inbox, its link approves it, the
 * record shows who and when. `katachi dev approval-workflow` in one terminal, this with what it prints in another.
 */

export interface Mail {
  readonly to: readonly string[];
  readonly subject: string;
  readonly text: string;
}

export interface DemoInput {
  /** Address of the API, with or without a slash at the end. */
  readonly url: string;
  /** The mail to somebody that comes next, from the inbox. */
  readonly mailTo: (address: string) => Promise<Mail>;
}

export interface Shown {
  readonly id: string;
  readonly status: string;
  readonly trail: readonly { readonly what: string; readonly who: string; readonly at: string }[];
}

export const EXPENSE = { requester: "hanako@example.jp", title: "東京出張 (2泊3日) & 懇親会", amount: 48_000 };

/** The link in a mail that approves or rejects. */
export function linkIn({ text }: Mail, decision: "Approve" | "Reject"): string {
  return new RegExp(`${decision}: (\\S+)`).exec(text)![1]!;
}

export async function submit(url: string, request: object): Promise<string> {
  const response = await fetch(`${url.replace(/\/$/, "")}/requests`, { method: "POST", body: JSON.stringify(request) });
  if (response.status !== 202) throw new Error(`${response.status} ${await response.text()}`);
  return ((await response.json()) as { id: string }).id;
}

export async function show(url: string, id: string): Promise<Shown> {
  return (await (await fetch(`${url.replace(/\/$/, "")}/requests/${id}`)).json()) as Shown;
}

/** Runs the demo and answers with the record as it stands in the end. */
export async function runDemo({ url, mailTo }: DemoInput): Promise<{ asked: Mail; told: Mail; record: Shown }> {
  const id = await submit(url, EXPENSE);
  const asked = await mailTo("manager@example.jp");
  await fetch(linkIn(asked, "Approve"));
  const told = await mailTo(EXPENSE.requester);
  return { asked, told, record: await show(url, id) };
}
