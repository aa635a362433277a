import { type Deployable, deployApplication, type DeployOptions, type DeployResult } from "./application.ts";
import type { ApiName, Input, OperationName, Output } from "./aws/api-types.ts";
import { DEFAULT_SCOPE, type Scope } from "./aws/scope.ts";
import { Faults } from "./faults.ts";
import { Gate } from "./gate.ts";
import type { Authority } from "./iam/authority.ts";
import type { Clock, ClockMode } from "./kernel/clock.ts";
import { openKernel, type Kernel } from "./kernel/kernel.ts";
import type { Trace } from "./kernel/trace.ts";
import type { Call, ServiceContext, ServiceDefinition } from "./service.ts";
import { apigateway } from "./services/apigateway/service.ts";
import { apigatewayv2 } from "./services/apigatewayv2/service.ts";
import { cloudformation } from "./services/cloudformation/service.ts";
import { cognitoIdp } from "./services/cognito-idp/service.ts";
import { dynamodb, dynamodbStreams } from "./services/dynamodb/service.ts";
import { events } from "./services/events/service.ts";
import { createAuthority } from "./services/iam/authority.ts";
import { rootKey, type Credentials } from "./services/iam/root-key.ts";
import { cloudwatch } from "./services/cloudwatch/service.ts";
import { iam } from "./services/iam/service.ts";
import { kms } from "./services/kms/service.ts";
import { lambda } from "./services/lambda/service.ts";
import type { LambdaState } from "./services/lambda/state.ts";
import { logs } from "./services/logs/service.ts";
import { pipes } from "./services/pipes/service.ts";
import { s3 } from "./services/s3/service.ts";
import { scheduler } from "./services/scheduler/service.ts";
import { secretsmanager } from "./services/secretsmanager/service.ts";
import { ses, sesv2 } from "./services/ses/service.ts";
import type { Inbox } from "./services/ses/inbox.ts";
import type { SmtpRelay } from "./services/ses/mail.ts";
import { Mocks } from "./services/stepfunctions/mocks.ts";
import { serveSmtp } from "./services/ses/smtp.ts";
import { SesState } from "./services/ses/state.ts";
import { sns } from "./services/sns/service.ts";
import { sqs } from "./services/sqs/service.ts";
import { ssm } from "./services/ssm/service.ts";
import { stepfunctions } from "./services/stepfunctions/service.ts";
import { sts } from "./services/sts/service.ts";
import { serve, type AuthMode, type Server } from "./wire/server.ts";

/** Every service there is. Adding one is its folder and a line here. */
const SERVICES: readonly ServiceDefinition[] = [
  apigateway,
  apigatewayv2,
  cognitoIdp,
  iam,
  kms,
  lambda,
  logs,
  s3,
  scheduler,
  secretsmanager,
  ses,
  sesv2,
  sns,
  sqs,
  ssm,
  stepfunctions,
  sts,
  cloudwatch,
  cloudformation,
  dynamodb,
  dynamodbStreams,
  events,
  pipes,
];

export interface CloudOptions {
  /** Keep nothing: state lives in a temporary directory that goes with `close()`. Default: true unless `dataDirectory` is given. */
  ephemeral?: boolean;
  /** Where state is kept between runs. */
  dataDirectory?: string;
  /** Port for the AWS APIs; 0 (default) takes a free one. */
  port?: number;
  /** Address to listen on (default 127.0.0.1). */
  host?: string;
  /** `wall` (default): runs on, can be advanced. `frozen`: stands still until advanced, for tests. */
  clock?: ClockMode;
  /** The time a frozen clock begins at, in ms since 1970. Default: now. */
  startMs?: number;
  /** `relaxed` (default) accepts any well-formed credentials, `strict` only known ones with right signatures. */
  auth?: AuthMode;
  /** Makes ids, names and jitter repeat themselves. */
  seed?: string;
  /** Port for SMTP, where any client may hand in mail for the inbox; 0 takes a free one. Default: no SMTP. */
  smtpPort?: number;
  /** A real SMTP server that everything in the inbox is sent on to. Default: mail stays here. */
  smtpRelay?: SmtpRelay;
  /**
   * A file of mocked service integrations, as Step Functions Local takes it: an execution started with `#TestCase` behind
   * the machine's ARN gets its answers from there.
   */
  stepFunctionsMocks?: string;
}

/** What an AWS SDK v3 client class looks like. */
export type ClientClass<C> = new (configuration: {
  endpoint: string;
  region: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
  disableHostPrefix: boolean;
  forcePathStyle: boolean;
}) => C;

/** A running local cloud. */
export interface Cloud {
  /** `http://127.0.0.1:PORT`, for `AWS_ENDPOINT_URL`. */
  readonly endpoint: string;
  readonly port: number;
  /** The default account's root: any words where `auth` is relaxed, its one access key where it is strict. */
  readonly credentials: Credentials;
  /** Where SMTP is served, or undefined. */
  readonly smtpPort: number | undefined;
  /** All mail that this cloud sent or was sent: `cloud.inbox.waitFor({ to, subject })`. */
  readonly inbox: Pick<Inbox, "list" | "message" | "waitFor">;
  /** Address of console and control API; empty where none is served. */
  consoleUrl: string;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly faults: Faults;
  readonly kernel: Kernel;
  readonly gate: Gate;
  /** An unmodified SDK v3 client that speaks to this cloud, e.g. `cloud.client(S3Client)`. */
  client<C>(clientClass: ClientClass<C>, options?: Record<string, unknown>): C;
  /** Calls an operation in process, as the account's root unless said otherwise. */
  call<S extends ApiName, O extends OperationName<S>>(
    service: S,
    operation: O,
    input: Input<S, O>,
    scope?: Scope,
  ): Promise<Output<S, O>>;
  /**
   * Deploys a template, a cdk.out folder or a CDK `App`, and waits until it is done.
   * @throws DeployError with every reason where a stack fails
   */
  deploy(deployable: Deployable, options?: DeployOptions): Promise<DeployResult>;
  /**
   * Runs a function of the default account and Region under a debugger: its next environment listens on the port, as
   * `node --inspect` does, and nothing of it times out. Undefined ends that.
   */
  inspect(functionName: string, port: number | undefined): void;
  /** Resolves when nothing is in flight: no delivery, no invocation, no due timer. */
  settled(): Promise<void>;
  /** Stops serving and releases the data directory. */
  close(): Promise<void>;
}

/**
 * Starts a local cloud in this process.
 * @throws StoreError where the data directory cannot be used, ServerError where the port is taken
 */
export async function startCloud(options: CloudOptions = {}): Promise<Cloud> {
  if (options.ephemeral && options.dataDirectory !== undefined)
    throw new TypeError("ephemeral and dataDirectory exclude each other: give one of them");
  const kernel = openKernel({
    directory: options.dataDirectory,
    clock: options.clock ?? "wall",
    ...(options.startMs === undefined ? {} : { startMs: options.startMs }),
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  });
  try {
    return await run(kernel, options);
  } catch (error) {
    await kernel.close();
    throw error;
  }
}

async function run(kernel: Kernel, options: CloudOptions): Promise<Cloud> {
  if (options.stepFunctionsMocks !== undefined) Mocks.of(kernel).load(options.stepFunctionsMocks);
  const authority: Authority = createAuthority(kernel);
  const faults = new Faults(kernel, () => gate.faultTargets());
  const gate: Gate = new Gate(kernel, authority, faults);
  for (const definition of SERVICES) gate.add(definition);
  let consoleUrl = "";
  const server: Server = await serve({
    consoleUrl: () => consoleUrl,
    gate,
    kernel,
    authority,
    auth: options.auth ?? "relaxed",
    host: options.host ?? "127.0.0.1",
    port: options.port ?? 0,
  });
  gate.endpoint = server.endpoint;
  const credentials = options.auth === "strict" ? rootKey(kernel, DEFAULT_SCOPE.account) : ANY_CREDENTIALS;
  const mail = SesState.of(kernel);
  mail.relay = options.smtpRelay;
  const smtp =
    options.smtpPort === undefined
      ? undefined
      : await serveSmtp(async (message) => void mail.send(message), {
          host: options.host ?? "127.0.0.1",
          port: options.smtpPort,
        }).catch(async (error: unknown) => {
          await server.close();
          throw error;
        });
  const contexts = SERVICES.map((definition) => ({ definition, cx: contextOf(definition, kernel, gate) }));
  for (const { definition, cx } of contexts) await definition.start?.(cx);
  kernel.deliveries.start();
  kernel.timers.start();

  return {
    endpoint: server.endpoint,
    port: server.port,
    smtpPort: smtp?.port,
    inbox: mail.inbox,
    credentials,
    get consoleUrl() {
      return consoleUrl;
    },
    set consoleUrl(url) {
      consoleUrl = url;
    },
    clock: kernel.clock,
    trace: kernel.trace,
    faults,
    kernel,
    gate,
    client: (clientClass, overrides = {}) =>
      new clientClass({ ...clientDefaults(server.endpoint, credentials), ...overrides }),
    call: (service, operation, input, scope = DEFAULT_SCOPE) =>
      gate.callAs(service, operation, input, { as: { kind: "root", account: scope.account }, scope }),
    deploy: (deployable, deployOptions) =>
      deployApplication(
        { call: rootCall(gate), scope: DEFAULT_SCOPE, settled: () => kernel.settled() },
        deployable,
        deployOptions,
      ),
    inspect: (functionName, port) => (gate.stateOf("lambda") as LambdaState).inspect(DEFAULT_SCOPE, functionName, port),
    settled: () => kernel.settled(),
    async close() {
      await smtp?.close();
      await server.close();
      kernel.deliveries.stop();
      for (const { definition, cx } of contexts) await definition.stop?.(cx);
      await kernel.close();
    },
  };
}

const ANY_CREDENTIALS: Credentials = { accessKeyId: "test", secretAccessKey: "test" };

function rootCall(gate: Gate): Call {
  const root = { kind: "root", account: DEFAULT_SCOPE.account } as const;
  return (service, operation, input, options = {}) =>
    gate.callAs(service, operation, input, { as: root, scope: DEFAULT_SCOPE, ...options });
}

function contextOf(definition: ServiceDefinition, kernel: Kernel, gate: Gate): ServiceContext {
  return {
    state: gate.stateOf(definition.api),
    kernel,
    endpoint: () => gate.endpoint,
    call: gate.callAs,
    resourceTypes: () => gate.definitions().flatMap((service) => service.resources ?? []),
  };
}

function clientDefaults(endpoint: string, credentials: Credentials) {
  return {
    endpoint,
    region: DEFAULT_SCOPE.region,
    credentials,
    disableHostPrefix: true,
    forcePathStyle: true,
  };
}
