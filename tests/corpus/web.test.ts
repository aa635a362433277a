import { corpus } from "./corpus.ts";

corpus(["rest-openapi", "rest-table", "http-openapi", "members-api", "layered-url", "newsletter"]);
