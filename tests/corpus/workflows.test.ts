import { corpus } from "./corpus.ts";

corpus(["saga", "jsonata-quote"]);
