import type { DeployResult } from "@katachi/cloud";

type Guide = (output: (key: string) => string) => string;

/** What to try with a shape that runs: lines to paste. */
const GUIDES: Readonly<Record<string, Guide>> = {
  "web-backend": (output) => {
    const url = output("Url").replace(/\/$/, "");
    return `
Try it in another terminal:

  curl -i ${url}/orders -H 'content-type: application/json' -H 'idempotency-key: form-1' \\
    -d '{"customer":"山田 花子","email":"hanako@example.jp","lines":[{"sku":"tea-01","quantity":2,"unitPrice":1200}]}'

  curl '${url}/orders?status=received'
  curl -i ${url}/orders/nowhere

  npx katachi trace          who called whom, and how IAM decided
  npx katachi logs -f        what the functions log
  npx katachi time +3d       three days pass
`;
  },
};

/** The guide of a shape, with the addresses of what was deployed. */
export function guideFor(shape: string, deployed: DeployResult): string {
  const outputs = new Map(deployed.stacks.flatMap((stack) => stack.outputs.map(({ key, value }) => [key, value])));
  return GUIDES[shape]?.((key) => outputs.get(key) ?? "") ?? "";
}
