import { corpus } from "./corpus.ts";

corpus(["cdk-shortener", "cdk-pictures", "cdk-two-stacks"]);
