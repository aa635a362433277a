import { corpus } from "./corpus.ts";

corpus(["sam-notes", "sam-worker", "sam-guarded", "sam-nightly", "sam-alias"]);
