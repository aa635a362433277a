import type { AuthFlowType, ExplicitAuthFlowsType } from "@aws-sdk/client-cognito-identity-provider";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import {
  invalidParameter,
  notAuthorized,
  passwordResetRequired,
  userNotConfirmed,
  userNotFound,
  wrongPassword,
} from "../errors.ts";
import { checkSecretHash, findUser, getClient, getPool, getPoolClient, poolNameOf, type Cx } from "../lookup.ts";
import { beginExchange, isPublic, makeVerifier, matches } from "../srp.ts";
import type { ChallengeRecord, ClientRecord, PoolRecord, SignInRecord, UserRecord } from "../state.ts";
import { isSignedOut, signTokens, validitySeconds } from "../tokens.ts";
import { attributesOf, putUser } from "../users.ts";

export type AuthOutput = Output<"cognito-idp", "InitiateAuth">;

interface SignIn {
  readonly pool: PoolRecord;
  readonly client: ClientRecord;
  readonly parameters: Readonly<Record<string, string>>;
}

/** AWS: after five wrong passwords each further one locks the account twice as long, up to about 15 minutes. */
const FAILURES_FREE = 5;
const LOCK_MAX_SECONDS = 900;

export async function initiateAuth(cx: Cx, input: Input<"cognito-idp", "InitiateAuth">): Promise<AuthOutput> {
  const { client, pool } = getClient(cx, input.ClientId);
  return begin(cx, input.AuthFlow!, { pool, client, parameters: input.AuthParameters ?? {} }, false);
}

export async function adminInitiateAuth(cx: Cx, input: Input<"cognito-idp", "AdminInitiateAuth">): Promise<AuthOutput> {
  const pool = getPool(cx, input.UserPoolId);
  const client = getPoolClient(cx, pool, input.ClientId);
  return begin(cx, input.AuthFlow!, { pool, client, parameters: input.AuthParameters ?? {} }, true);
}

const FLOWS: Partial<Record<AuthFlowType, readonly ExplicitAuthFlowsType[]>> = {
  USER_PASSWORD_AUTH: ["ALLOW_USER_PASSWORD_AUTH", "USER_PASSWORD_AUTH"],
  ADMIN_USER_PASSWORD_AUTH: ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"],
  ADMIN_NO_SRP_AUTH: ["ALLOW_ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"],
  USER_SRP_AUTH: ["ALLOW_USER_SRP_AUTH"],
  REFRESH_TOKEN_AUTH: ["ALLOW_REFRESH_TOKEN_AUTH"],
  REFRESH_TOKEN: ["ALLOW_REFRESH_TOKEN_AUTH"],
};
/** AWS: the flows of a client that names none; one that uses former names may refresh and use SRP always. */
const DEFAULT_FLOWS: readonly string[] = ["ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_CUSTOM_AUTH"];

function begin(cx: Cx, flow: AuthFlowType, signIn: SignIn, isAdmin: boolean): Promise<AuthOutput> {
  const names = FLOWS[flow];
  if (!names) throw new NotEmulatedError(`the sign-in flow ${flow} of user pools`);
  if (flow.startsWith("ADMIN_") && !isAdmin) throw invalidParameter("Initiate Auth method not supported.");
  if (flow === "USER_PASSWORD_AUTH" && isAdmin) throw invalidParameter("Initiate Auth method not supported.");
  if (!allows(signIn.client, names))
    throw invalidParameter(
      names[0] === "ALLOW_USER_PASSWORD_AUTH"
        ? "USER_PASSWORD_AUTH flow not enabled for this client"
        : "Auth flow not enabled for this client",
    );
  if (flow.startsWith("REFRESH")) return refresh(cx, signIn);
  return flow === "USER_SRP_AUTH" ? Promise.resolve(beginSrp(cx, signIn)) : byPassword(cx, signIn);
}

function allows({ ExplicitAuthFlows = [] }: ClientRecord, names: readonly string[]): boolean {
  const isLegacy = ExplicitAuthFlows.some((flow) => !flow.startsWith("ALLOW_"));
  const flows: readonly string[] =
    ExplicitAuthFlows.length === 0
      ? DEFAULT_FLOWS
      : isLegacy
        ? [...ExplicitAuthFlows, ...DEFAULT_FLOWS]
        : ExplicitAuthFlows;
  return names.some((name) => flows.includes(name));
}

function parameter({ parameters }: SignIn, name: string): string {
  const value = parameters[name];
  if (value === undefined || value === "") throw invalidParameter(`Missing required parameter ${name}`);
  return value;
}

async function byPassword(cx: Cx, signIn: SignIn): Promise<AuthOutput> {
  const username = parameter(signIn, "USERNAME");
  const password = parameter(signIn, "PASSWORD");
  const { pool, client } = signIn;
  checkSecretHash(client, [username], signIn.parameters["SECRET_HASH"]);
  const user = findUser(cx, pool, username);
  if (!user) throw client.PreventUserExistenceErrors === "ENABLED" ? wrongPassword() : userNotFound();
  const isRight = user.password !== undefined && matches(user.password, poolNameOf(pool), user.Username, password);
  return proceed(cx, pool, client, user, isRight);
}

/** What comes after a password, right or wrong. */
export async function proceed(
  cx: Cx,
  pool: PoolRecord,
  client: ClientRecord,
  user: UserRecord,
  isRight: boolean,
): Promise<AuthOutput> {
  const now = cx.kernel.clock.now();
  if ((user.failures?.untilMs ?? 0) > now) throw notAuthorized("Password attempts exceeded");
  if (!user.enabled) throw notAuthorized("User is disabled.");
  if (!isRight) {
    const count = (user.failures?.count ?? 0) + 1;
    const lockedSeconds = count < FAILURES_FREE ? 0 : Math.min(2 ** (count - FAILURES_FREE), LOCK_MAX_SECONDS);
    cx.kernel.store.transaction(() =>
      putUser(cx, pool, { ...user, failures: { count, untilMs: now + lockedSeconds * 1000 } }),
    );
    throw wrongPassword();
  }
  if (user.failures) cx.kernel.store.transaction(() => putUser(cx, pool, { ...user, failures: undefined }));
  if (user.status === "UNCONFIRMED") throw userNotConfirmed();
  if (user.status === "RESET_REQUIRED") throw passwordResetRequired();
  if (user.status !== "FORCE_CHANGE_PASSWORD") return complete(cx, pool, client, user);
  if ((user.passwordExpiresMs ?? Infinity) <= now)
    throw notAuthorized("Temporary password has expired and must be reset by an administrator.");
  return askForNewPassword(cx, pool, client, user);
}

function askForNewPassword(cx: Cx, pool: PoolRecord, client: ClientRecord, user: UserRecord): AuthOutput {
  const given = new Set(user.attributes.map(({ Name }) => Name));
  const missing = (pool.SchemaAttributes ?? []).filter(
    ({ Name, Required }) => Required && Name !== "sub" && !given.has(Name!),
  );
  const attributes = attributesOf(user).filter(({ Name }) => Name !== "sub");
  return challenge(cx, pool, client, user, {
    name: "NEW_PASSWORD_REQUIRED",
    parameters: {
      USER_ID_FOR_SRP: user.Username,
      requiredAttributes: JSON.stringify(missing.map(({ Name }) => `userAttributes.${Name}`)),
      userAttributes: JSON.stringify(Object.fromEntries(attributes.map(({ Name, Value }) => [Name, Value]))),
    },
  });
}

interface Asked {
  readonly name: ChallengeRecord["name"];
  readonly parameters: Record<string, string>;
  readonly srp?: NonNullable<ChallengeRecord["srp"]>;
}

function challenge(cx: Cx, pool: PoolRecord, client: ClientRecord, user: UserRecord, asked: Asked): AuthOutput {
  const Session = cx.kernel.random.bytes(96).toString("base64url");
  const expiresMs = cx.kernel.clock.now() + (client.AuthSessionValidity ?? 3) * 60_000;
  const record: ChallengeRecord = {
    name: asked.name,
    poolId: pool.Id,
    clientId: client.ClientId,
    username: user.Username,
    expiresMs,
    ...(asked.srp ? { srp: asked.srp } : {}),
  };
  cx.kernel.store.transaction(() => cx.state.challenges.put([asked.parameters["SECRET_BLOCK"] ?? Session], record));
  return { ChallengeName: asked.name, Session, ChallengeParameters: asked.parameters };
}

function beginSrp(cx: Cx, signIn: SignIn): AuthOutput {
  const username = parameter(signIn, "USERNAME");
  const clientPublic = parameter(signIn, "SRP_A");
  const { pool, client } = signIn;
  checkSecretHash(client, [username], signIn.parameters["SECRET_HASH"]);
  if (!isPublic(clientPublic)) throw invalidParameter("SRP_A is not a valid number");
  const user = findUser(cx, pool, username);
  if (!user && client.PreventUserExistenceErrors !== "ENABLED") throw userNotFound();
  // AWS: who is not there is asked for a password too, and then has the wrong one.
  const { random } = cx.kernel;
  const verifier = user?.password ?? makeVerifier(random, poolNameOf(pool), username, random.hex(32));
  const half = beginExchange(random, verifier);
  const answer = challenge(cx, pool, client, user ?? ({ Username: username } as UserRecord), {
    name: "PASSWORD_VERIFIER",
    parameters: {
      SALT: verifier.salt,
      SECRET_BLOCK: random.bytes(144).toString("base64"),
      SRP_B: half.serverPublic,
      USERNAME: user?.Username ?? username,
      USER_ID_FOR_SRP: user?.Username ?? username,
    },
    srp: { ...half, clientPublic },
  });
  return { ChallengeName: answer.ChallengeName, ChallengeParameters: answer.ChallengeParameters };
}

/** Tokens for a user who has signed in. */
export async function complete(cx: Cx, pool: PoolRecord, client: ClientRecord, user: UserRecord): Promise<AuthOutput> {
  const { random, clock, store } = cx.kernel;
  const signIn: SignInRecord = {
    poolId: pool.Id,
    clientId: client.ClientId,
    username: user.Username,
    originId: random.uuid(),
    authMs: clock.now(),
    expiresMs: clock.now() + validitySeconds(client, "RefreshToken") * 1000,
  };
  // Looks like AWS's: the head of an encrypted token, then what only we can read.
  const head = Buffer.from('{"cty":"JWT","enc":"A256GCM","alg":"RSA-OAEP"}').toString("base64url");
  const RefreshToken = `${head}.${[256, 12, 600, 16].map((bytes) => random.bytes(bytes).toString("base64url")).join(".")}`;
  const tokens = await signTokens(cx, pool, client, user, signIn);
  store.transaction(() => cx.state.addSignIn(RefreshToken.slice(-64), signIn));
  return { ChallengeParameters: {}, AuthenticationResult: { ...tokens, RefreshToken } };
}

/** The sign-in of a refresh token. */
export function findSignIn(cx: Cx, token: string): SignInRecord | undefined {
  return cx.state.signIns.get([token.slice(-64)]);
}

async function refresh(cx: Cx, signIn: SignIn): Promise<AuthOutput> {
  const token = parameter(signIn, "REFRESH_TOKEN");
  const { pool, client } = signIn;
  const found = findSignIn(cx, token);
  if (found?.clientId !== client.ClientId) throw notAuthorized("Invalid Refresh Token");
  const user = cx.state.users.get([pool.Id, found.username]);
  checkSecretHash(client, [found.username, user?.sub, signIn.parameters["USERNAME"]], signIn.parameters["SECRET_HASH"]);
  if (!user) throw notAuthorized("Invalid Refresh Token");
  if (found.expiresMs <= cx.kernel.clock.now()) throw notAuthorized("Refresh Token has expired");
  if (cx.state.revoked.has([found.originId]) || isSignedOut(user, found.authMs))
    throw notAuthorized("Refresh Token has been revoked");
  if (!user.enabled) throw notAuthorized("User is disabled.");
  return { ChallengeParameters: {}, AuthenticationResult: await signTokens(cx, pool, client, user, found) };
}
