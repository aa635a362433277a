import type { Fault } from "@katachi/cloud";
import { ControlClient } from "../control-client.ts";
import type { RunningFlags } from "../options.ts";
import { UserError } from "../user-error.ts";

interface AddFlags extends RunningFlags {
  error?: string;
  rate: string;
  delay?: string;
  status?: string;
  message?: string;
}

export async function addFault(match: string, flags: AddFlags): Promise<void> {
  const { error, delay, message } = flags;
  if (error === undefined && delay === undefined)
    throw new UserError("A fault needs --error, --delay or both, e.g. --error ThrottlingException.", 2);
  const rate = numberOf("--rate", flags.rate);
  const status = flags.status === undefined ? undefined : numberOf("--status", flags.status);
  const client = await ControlClient.find(flags);
  const added = await client.post<{ id: string }>("/api/faults", { match, error, rate, delay, status, message });
  console.log(flags.json ? JSON.stringify(added) : added.id);
}

export async function listFaults(flags: RunningFlags): Promise<void> {
  const { faults } = await (await ControlClient.find(flags)).get<{ faults: (Fault & { id: string })[] }>("/api/faults");
  if (flags.json) return console.log(JSON.stringify(faults, null, 2));
  if (faults.length === 0) console.log("No faults are injected.");
  for (const fault of faults) console.log(`${fault.id}  ${fault.match}  ${effectOf(fault)}`);
}

export async function liftFault(id: string, flags: RunningFlags): Promise<void> {
  const answer = await (await ControlClient.find(flags)).post<{ lifted: boolean }>("/api/faults/lift", { id });
  if (!answer.lifted)
    throw new UserError(`No fault has the id "${id}". katachi fault list shows those that there are.`);
  console.log(flags.json ? JSON.stringify(answer) : "lifted");
}

export async function clearFaults(flags: RunningFlags): Promise<void> {
  const answer = await (await ControlClient.find(flags)).post<{ lifted: number }>("/api/faults/clear", {});
  console.log(flags.json ? JSON.stringify(answer) : `lifted ${answer.lifted}`);
}

function effectOf({ error, rate = 1, delayMs }: Fault): string {
  const effects = [...(delayMs === undefined ? [] : [`waits ${delayMs} ms`]), ...(error === undefined ? [] : [error])];
  return `${effects.join(", then ")}  ${Math.round(rate * 1000) / 10} % of the calls`;
}

function numberOf(option: string, text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return value;
  throw new UserError(`${option} is "${text}"; allowed: a number.`, 2);
}
