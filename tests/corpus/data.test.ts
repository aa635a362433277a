import { corpus } from "./corpus.ts";

corpus([
  "order-table",
  "fan-out",
  "fifo-work",
  "thumbnails",
  "website",
  "event-bus",
  "api-destination",
  "reminders",
  "enriching-pipe",
]);
