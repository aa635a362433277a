import { Duration, type RemovalPolicy, Validations } from "aws-cdk-lib";
import {
  ApiDestination,
  type Authorization,
  Connection,
  EventBus,
  type EventPattern,
  HttpMethod,
} from "aws-cdk-lib/aws-events";
import type { RetentionDays } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Construct } from "constructs";
import type { ShapeFunction } from "../function.ts";
import { packagePath } from "../package-path.ts";
import { BusSink, HttpTargetSink } from "../ports/sinks.ts";
import { Events } from "../ports/sources.ts";
import { throwIfInvalid } from "../validation.ts";
import { WebBackend } from "../web-backend/construct.ts";

export type WebhookProvider = "github" | "stripe" | "shopify";

export interface SaasService {
  /** Address of the operation that is called; each `*` in it is a path parameter. AWS demands https. */
  readonly endpoint: string;
  /** @default HttpMethod.POST */
  readonly method?: HttpMethod;
  /** API key, basic, or OAuth client credentials: `Authorization.oauth({ … })`. */
  readonly authorization: Authorization;
  /** Calls a second: 1 to 300. @default 10 */
  readonly rateLimitPerSecond?: number;
}

export interface SaasIntegrationProps {
  /** Whose webhooks come in, each under `POST /webhooks/{provider}`. */
  readonly providers: readonly WebhookProvider[];
  /** Services that are called, by name. @default - none */
  readonly services?: Readonly<Record<string, SaasService>>;
  /** How long events are kept for a replay. @default Duration.days(30) */
  readonly archiveFor?: Duration;
  /** Webhooks a second. @default 50 */
  readonly rateLimit?: number;
  /** What becomes of the table of deliveries when the stack goes. @default RemovalPolicy.RETAIN */
  readonly removalPolicy?: RemovalPolicy;
  /** @default RetentionDays.ONE_MONTH */
  readonly logRetention?: RetentionDays;
}

const PROVIDERS: readonly string[] = ["github", "stripe", "shopify"] satisfies WebhookProvider[];
/** AWS: "API destinations as targets": invocation rate limit. */
const RATE_MAX = 300;
const ROUTE = "POST /webhooks/{provider}";

/**
 * Shape 2.4 `saas-integration`: webhooks in, verified → EventBridge bus → rules → whoever is joined; API destinations out.
 *
 * ```ts
 * const shop = new SaasIntegration(this, "Shop", { providers: ["shopify"], services: { erp: { endpoint, authorization } } });
 * shop.events({ source: ["webhook.shopify"] }).to(shop.service("erp"), { transform: { order: "$.id" } });
 * ```
 */
export class SaasIntegration extends Construct {
  readonly bus: EventBus;
  /** The webhooks' entry; its table holds which deliveries were taken. */
  readonly entry: WebBackend;
  readonly receiver: ShapeFunction;
  /** What each provider signs with; put in here what the provider gave you. */
  readonly secrets: Readonly<Record<string, Secret>>;
  /** Sink: events put on the bus. */
  readonly publisher: BusSink;
  private readonly destinations: Readonly<Record<string, ApiDestination>>;

  constructor(scope: Construct, id: string, props: SaasIntegrationProps) {
    super(scope, id);
    validate(this, props);
    this.bus = new EventBus(this, "Bus");
    this.publisher = new BusSink(this.bus);
    this.bus.archive("Archive", {
      description: `${this.node.path}: for a replay`,
      // AWS: an archive needs a pattern; every event has a version.
      eventPattern: { version: ["0"] },
      retention: props.archiveFor ?? Duration.days(30),
    });
    this.secrets = Object.fromEntries(props.providers.map((name) => [name, this.createSecret(name)]));
    this.entry = new WebBackend(this, "Webhooks", {
      routes: {
        [ROUTE]: {
          entry: packagePath("saas-integration/handlers/receive-webhook.ts"),
          access: "readWrite",
          environment: {
            BUS_NAME: this.bus.eventBusName,
            SECRETS: JSON.stringify(Object.fromEntries(props.providers.map((name) => [name, this.arnOf(name)]))),
          },
        },
      },
      timeToLiveAttribute: "expires",
      rateLimit: props.rateLimit ?? 50,
      ...(props.removalPolicy === undefined ? {} : { removalPolicy: props.removalPolicy }),
      ...(props.logRetention === undefined ? {} : { logRetention: props.logRetention }),
    });
    this.receiver = this.entry.functions[ROUTE]!;
    this.receiver.allow(["events:PutEvents"], [this.bus.eventBusArn]);
    this.receiver.allow(
      ["secretsmanager:GetSecretValue"],
      props.providers.map((name) => this.arnOf(name)),
    );
    this.destinations = Object.fromEntries(
      Object.entries(props.services ?? {}).map(([name, service]) => [name, this.createDestination(name, service)]),
    );
  }

  /** Address of the webhooks: `${url}webhooks/github` is what GitHub is told. */
  get url(): string {
    return this.entry.url;
  }

  /** Source: events of the bus. @param pattern all webhooks unless told */
  events(pattern: EventPattern = { source: [{ prefix: "webhook." }] as unknown as string[] }): Events {
    return new Events(this.bus, pattern);
  }

  /** Sink: a call of a service. @throws Error where there is none of that name */
  service(name: string, request?: ConstructorParameters<typeof HttpTargetSink>[1]): HttpTargetSink {
    const destination = this.destinations[name];
    if (destination) return new HttpTargetSink(destination, request);
    throw new Error(
      `${this.node.path} has no service "${name}"; there are: ${Object.keys(this.destinations).join(", ") || "none"}`,
    );
  }

  private arnOf(provider: string): string {
    return this.secrets[provider]!.secretArn;
  }

  private createSecret(provider: string): Secret {
    const secret = new Secret(this, `${capital(provider)}Secret`, {
      description: `${this.node.path}: what ${provider} signs its webhooks with`,
    });
    Validations.of(secret).acknowledge({
      id: "AwsSolutions-SMG4",
      reason: "The provider makes this secret: it is rotated there, and the new one put in here.",
    });
    return secret;
  }

  private createDestination(name: string, service: SaasService): ApiDestination {
    const connection = new Connection(this, `${capital(name)}Connection`, { authorization: service.authorization });
    return new ApiDestination(this, `${capital(name)}Destination`, {
      connection,
      endpoint: service.endpoint,
      httpMethod: service.method ?? HttpMethod.POST,
      rateLimitPerSecond: service.rateLimitPerSecond ?? 10,
    });
  }
}

function capital(name: string): string {
  return name[0]!.toUpperCase() + name.slice(1);
}

function validate(scope: Construct, { providers, services = {} }: SaasIntegrationProps): void {
  throwIfInvalid(scope, [
    [providers.length === 0, `providers is empty; allowed: ${PROVIDERS.join(", ")}`],
    ...providers.map((name): [boolean, string] => [
      !PROVIDERS.includes(name),
      `provider "${name}"; allowed: ${PROVIDERS.join(", ")}`,
    ]),
    ...Object.entries(services).flatMap(([name, { rateLimitPerSecond: rate = 10 }]): [boolean, string][] => [
      [!/^[a-z][A-Za-z0-9]*$/.test(name), `service "${name}"; allowed: letters and digits, a small letter first`],
      [
        !Number.isInteger(rate) || rate < 1 || rate > RATE_MAX,
        `rateLimitPerSecond of ${name} is ${rate}; allowed: 1 to ${RATE_MAX}`,
      ],
    ]),
  ]);
}
