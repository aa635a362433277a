/** What others bought who looked at this: here always the same, but not the product itself. */
const POPULAR = ["tea-01", "cup-02", "pot-03"];

export async function handler({ id }: { id: string }): Promise<string[]> {
  if (id === "slow") await new Promise((resolve) => setTimeout(resolve, 5000));
  return POPULAR.filter((other) => other !== id).slice(0, 2);
}
