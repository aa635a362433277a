export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  /** In the order's currency. */
  readonly unitPrice: number;
}

export interface Order {
  readonly id: string;
  readonly customer: string;
  /** ISO 4217, e.g. `JPY`. */
  readonly currency: string;
  readonly lines: readonly OrderLine[];
  /** How it gets to the customer; a download needs no shipping. */
  readonly delivery: "parcel" | "letter" | "download";
  readonly address?: string;
}

/** Total in the order's currency. */
export function totalOf(order: Order): number {
  return order.lines.reduce((sum, { quantity, unitPrice }) => sum + quantity * unitPrice, 0);
}
