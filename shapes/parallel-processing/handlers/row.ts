/** A row of the file as it comes: all texts. */
export interface Row {
  readonly id?: string;
  readonly name?: string;
  readonly amount?: string;
  readonly city?: string;
}

export interface Customer {
  readonly id: string;
  readonly name: string;
  readonly amount: number;
  readonly city: string;
}

export interface BadRow {
  readonly row: Row;
  readonly reason: string;
}

/** Reads a row, or says why it cannot be one of a customer. */
export function parseRow(row: Row): { customer: Customer } | { bad: BadRow } {
  const { id = "", name = "", amount = "", city = "" } = row;
  const bad = (reason: string) => ({ bad: { row, reason } });
  if (id === "") return bad("id is empty");
  if (name.trim() === "") return bad("name is empty");
  if (!/^\d+$/.test(amount)) return bad(`amount is "${amount}"; it must be a whole number`);
  return { customer: { id, name: name.trim(), amount: Number(amount), city } };
}
