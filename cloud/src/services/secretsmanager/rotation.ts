/** Rotation: the four steps of a rotation function, and when they come by themselves. */
import type { Principal } from "../../iam/principal.ts";
import type { Delivery } from "../../kernel/delivery.ts";
import type { Span } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import { nextRotationMs } from "./rotation-schedule.ts";
import { putSecret, removeSecret, type RotationWork, type SecretRecord, type SecretsState } from "./state.ts";
import { DELETION, ROTATION } from "./timers.ts";
import { CURRENT, moveStage, PENDING, removeStage, versionAt, versionOf } from "./version.ts";

const STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"] as const;
/** AWS: "retries the entire rotation process multiple times"; how often is not said. */
const ATTEMPTS = 5;
const RETRY_MS = 30_000;

type Service = ServiceContext<SecretsState>;
interface Place {
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** Secrets Manager as it calls the rotation function of a secret. */
export function rotatorOf({ arn, account }: SecretRecord): Principal {
  return { kind: "service", service: "secretsmanager.amazonaws.com", sourceArn: arn, sourceAccount: account };
}

/** Registers what happens by itself: rotations and deletions. */
export function startRotation(cx: Service): void {
  const { kernel, state } = cx;
  const accept = kernel.deliveries.register<RotationWork>({
    name: "secretsmanager.rotation",
    attempt: (delivery, span) => rotate(cx, delivery, span),
    retryAfterMs: (_, { failures }) => (failures < ATTEMPTS ? RETRY_MS * 2 ** (failures - 1) : undefined),
    // AWS: a version made only for the test goes in any case.
    async exhausted({ payload }) {
      if (payload.testOnly) kernel.store.transaction(() => finish(cx, payload));
    },
  });
  state.rotate = (work) => {
    const group = `${work.scope.account} ${work.scope.region} ${work.name} ${work.versionId}`;
    // A rotation that is being tried still need not be tried twice.
    if (kernel.deliveries.pending("secretsmanager.rotation").some((delivery) => delivery.group === group)) return;
    accept(work, { group });
  };
  kernel.timers.handle<Place>(ROTATION, (place) => rotateOnSchedule(cx, place));
  kernel.timers.handle<Place>(DELETION, ({ account, region, name }) => {
    const secret = state.secrets.get([account, region, name]);
    if (secret) removeSecret(state, secret);
  });
}

function rotateOnSchedule({ kernel, state }: Service, { account, region, name }: Place): void {
  const secret = state.secrets.get([account, region, name]);
  if (!secret?.rotation?.enabled || secret.deletedMs !== undefined) return;
  const nowMs = kernel.clock.now();
  const pending = versionAt(secret, PENDING);
  const again = pending !== undefined && pending !== versionAt(secret, CURRENT);
  const version = again ? pending : { id: kernel.random.uuid(), createdMs: nowMs, stages: [] };
  if (!again) {
    secret.versions.push(version);
    moveStage(secret, PENDING, version);
  }
  secret.rotation = { ...secret.rotation, sinceMs: nowMs };
  putSecret(state, secret);
  const nextMs = nextRotationMs(secret.rotation, nowMs);
  if (nextMs !== undefined) kernel.timers.set(ROTATION, secret.arn, nextMs, { account, region, name });
  state.rotate({ scope: { account, region }, name, versionId: version.id, testOnly: false });
}

/** One try of all steps. AWS: "Rotation by Lambda function": each is told which version is to be made. */
async function rotate(cx: Service, { payload }: Delivery<RotationWork>, span: Span): Promise<void> {
  const { scope, name, versionId, testOnly } = payload;
  for (const Step of testOnly ? (["testSecret"] as const) : STEPS) {
    const secret = find(cx, payload);
    if (!secret?.rotation?.enabled || secret.deletedMs !== undefined) return;
    const event = { Step, SecretId: secret.arn, ClientRequestToken: versionId };
    const answer = await cx.call(
      "lambda",
      "Invoke",
      { FunctionName: secret.rotation.functionArn, Payload: Buffer.from(JSON.stringify(event)) },
      { as: rotatorOf(secret), scope, parent: span },
    );
    if (answer.FunctionError !== undefined)
      throw new Error(`The rotation function of ${name} failed in step ${Step}: ${answer.FunctionError}`);
  }
  cx.kernel.store.transaction(() => finish(cx, payload));
}

function find({ state }: Service, { scope, name }: RotationWork): SecretRecord | undefined {
  return state.secrets.get([scope.account, scope.region, name]);
}

function finish(cx: Service, work: RotationWork): void {
  const secret = find(cx, work);
  const version = secret && versionOf(secret, work.versionId);
  if (!secret || !version) return;
  if (work.testOnly) {
    removeStage(version, PENDING);
    secret.versions = secret.versions.filter((one) => one !== version || one.stages.length > 0);
  } else if (version.stages.includes(CURRENT)) secret.rotatedMs = cx.kernel.clock.now();
  putSecret(cx.state, secret);
}
