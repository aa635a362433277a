/** A time as Java prints dates: `Tue Nov 24 04:31:00 UTC 2026`. */
export function javaDate(timeMs: number): string {
  const [day, date, month, year, time] = new Date(timeMs).toUTCString().replace(",", "").split(" ");
  return `${day} ${month} ${date} ${time} UTC ${year}`;
}
