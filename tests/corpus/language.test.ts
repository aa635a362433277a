import { corpus } from "./corpus.ts";

corpus([
  "secretive",
  "settings",
  "layers-of-stacks",
  "seeded-table",
  "tenants",
  "included",
  "kept-ledger",
  "error-alarm",
]);
