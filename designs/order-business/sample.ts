import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildDesign, type Design } from "@katachi/shapes";
import { App, Stack } from "aws-cdk-lib";

/** The folder with the design, from its source as from what is built of it. */
function folder(): string {
  const here = dirname(fileURLToPath(import.meta.url));
  return existsSync(join(here, "design.json")) ? here : dirname(here);
}

/** The whole application: what `npm start`, its demo and its tests run. */
export function buildSample(app: App): { stack: Stack; design: Design } {
  const stack = new Stack(app, "order-business", {
    description: "Katachi design: orders, from the form to the report",
  });
  return { stack, design: buildDesign(stack, join(folder(), "design.json"), { isThrowaway: true }) };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
