import type { Input } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { invalidParameter, notAuthorized, wrongPassword } from "../errors.ts";
import { checkSecretHash, getClient, getPool, getPoolClient, poolNameOf, type Cx } from "../lookup.ts";
import { checkAttributes, checkRequired, withAttributes } from "../schema.ts";
import { proves } from "../srp.ts";
import type { ChallengeRecord, ClientRecord, PoolRecord } from "../state.ts";
import { hashPassword, putUser } from "../users.ts";
import { complete, proceed, type AuthOutput } from "./auth.ts";

type Responses = Readonly<Record<string, string>>;

export async function respondToAuthChallenge(
  cx: Cx,
  input: Input<"cognito-idp", "RespondToAuthChallenge">,
): Promise<AuthOutput> {
  const { client, pool } = getClient(cx, input.ClientId);
  return respond(cx, pool, client, input);
}

export async function adminRespondToAuthChallenge(
  cx: Cx,
  input: Input<"cognito-idp", "AdminRespondToAuthChallenge">,
): Promise<AuthOutput> {
  const pool = getPool(cx, input.UserPoolId);
  return respond(cx, pool, getPoolClient(cx, pool, input.ClientId), input);
}

interface Answer {
  ChallengeName?: string | undefined;
  Session?: string | undefined;
  ChallengeResponses?: Record<string, string> | undefined;
}

function respond(
  cx: Cx,
  pool: PoolRecord,
  client: ClientRecord,
  { ChallengeName, Session, ChallengeResponses = {} }: Answer,
): Promise<AuthOutput> {
  const username = ChallengeResponses["USERNAME"];
  if (username === undefined) throw invalidParameter("Missing required parameter USERNAME");
  checkSecretHash(client, [username], ChallengeResponses["SECRET_HASH"]);
  if (ChallengeName === "NEW_PASSWORD_REQUIRED")
    return setNewPassword(cx, pool, client, take(cx, client, Session, ChallengeName), ChallengeResponses);
  if (ChallengeName === "PASSWORD_VERIFIER")
    return verifyPassword(
      cx,
      pool,
      client,
      take(cx, client, ChallengeResponses["PASSWORD_CLAIM_SECRET_BLOCK"], ChallengeName),
      ChallengeResponses,
    );
  throw new NotEmulatedError(`the challenge ${ChallengeName} of user pools`);
}

/** A challenge can be answered once. @throws AwsError NotAuthorizedException */
function take(cx: Cx, client: ClientRecord, session: string | undefined, name: string): ChallengeRecord {
  const record = cx.state.challenges.get([session ?? ""]);
  if (!record || record.clientId !== client.ClientId || record.name !== name)
    throw notAuthorized("Invalid session for the user.");
  cx.kernel.store.transaction(() => cx.state.challenges.remove([session!]));
  if (record.expiresMs <= cx.kernel.clock.now())
    throw notAuthorized("Invalid session for the user, session is expired.");
  return record;
}

async function setNewPassword(
  cx: Cx,
  pool: PoolRecord,
  client: ClientRecord,
  { username }: ChallengeRecord,
  responses: Responses,
): Promise<AuthOutput> {
  const user = cx.state.users.get([pool.Id, username]);
  if (!user) throw notAuthorized("Invalid session for the user.");
  const newPassword = responses["NEW_PASSWORD"];
  if (newPassword === undefined) throw invalidParameter("Missing required parameter NEW_PASSWORD");
  const prefix = "userAttributes.";
  const given = Object.entries(responses)
    .filter(([name]) => name.startsWith(prefix))
    .map(([name, Value]) => ({ Name: name.slice(prefix.length), Value }));
  const attributes = withAttributes(user.attributes, checkAttributes(pool, given));
  checkRequired(pool, attributes);
  const changed = {
    ...user,
    attributes,
    status: "CONFIRMED" as const,
    password: hashPassword(cx, pool, user.Username, newPassword),
    passwordExpiresMs: undefined,
    updatedMs: cx.kernel.clock.now(),
  };
  cx.kernel.store.transaction(() => putUser(cx, pool, changed));
  return complete(cx, pool, client, changed);
}

async function verifyPassword(
  cx: Cx,
  pool: PoolRecord,
  client: ClientRecord,
  { username, srp }: ChallengeRecord,
  responses: Responses,
): Promise<AuthOutput> {
  const user = cx.state.users.get([pool.Id, username]);
  const { TIMESTAMP: timestamp, PASSWORD_CLAIM_SIGNATURE: signature, PASSWORD_CLAIM_SECRET_BLOCK: block } = responses;
  if (timestamp === undefined || signature === undefined || block === undefined)
    throw invalidParameter(
      "Missing required parameter TIMESTAMP, PASSWORD_CLAIM_SIGNATURE or PASSWORD_CLAIM_SECRET_BLOCK",
    );
  if (!user?.password || !srp) throw wrongPassword();
  const claim = {
    poolName: poolNameOf(pool),
    userId: user.Username,
    secretBlock: Buffer.from(block, "base64"),
    timestamp,
    signature,
  };
  return proceed(cx, pool, client, user, proves(claim, user.password, srp));
}
