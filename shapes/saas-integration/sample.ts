import { fileURLToPath } from "node:url";
import { App, CfnOutput, RemovalPolicy, SecretValue, Stack } from "aws-cdk-lib";
import { Authorization, HttpMethod } from "aws-cdk-lib/aws-events";
import { SaasIntegration, type SaasIntegrationProps } from "./construct.ts";

/** Where the accounting service of the sample is. */
export interface Accounting {
  /** @default "https://accounting.example.com" */
  readonly address?: string;
}

/** Webhooks of three services; what was paid or ordered is told to an accounting service: the shape's demo and tests. */
export function buildSample(
  app: App,
  { address = "https://accounting.example.com" }: Accounting = {},
  overrides: Partial<SaasIntegrationProps> = {},
  name = "saas-integration",
): Stack {
  const stack = new Stack(app, name, { description: "Katachi shape 2.4: webhooks in, an accounting service called" });
  const saas = new SaasIntegration(stack, "Saas", {
    providers: ["github", "stripe", "shopify"],
    services: {
      accounting: {
        endpoint: `${address}/entries`,
        authorization: Authorization.oauth({
          authorizationEndpoint: `${address}/token`,
          httpMethod: HttpMethod.POST,
          clientId: "katachi-sample",
          clientSecret: SecretValue.unsafePlainText("only-for-the-sample"),
        }),
      },
    },
    removalPolicy: RemovalPolicy.DESTROY,
    ...overrides,
  });
  const booked = saas.events({ source: ["webhook.stripe", "webhook.shopify"] }).to(saas.service("accounting"), {
    transform: {
      reference: "$.id",
      what: "$$.detail-type",
      of: "$.subject",
      amount: "$.amount",
      currency: "$.currency",
    },
  });
  new CfnOutput(stack, "Url", { value: saas.url });
  new CfnOutput(stack, "BusName", { value: saas.bus.eventBusName });
  new CfnOutput(stack, "DeadLetters", { value: booked.deadLetters!.queueUrl });
  for (const [provider, secret] of Object.entries(saas.secrets))
    new CfnOutput(stack, `${provider}Secret`, { value: secret.secretArn });
  return stack;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const app = new App();
  buildSample(app);
  app.synth();
}
