import type { UserPoolClientType } from "@aws-sdk/client-cognito-identity-provider";
import type { Input, Output } from "../../../aws/api-types.ts";
import { NotEmulatedError } from "../../../aws/error.ts";
import { invalidParameter } from "../errors.ts";
import { getPool, getPoolClient, type Cx } from "../lookup.ts";
import { pageOf } from "../page.ts";
import type { ClientRecord } from "../state.ts";
import { validitySeconds } from "../tokens.ts";

type Settings = Omit<Input<"cognito-idp", "UpdateUserPoolClient">, "UserPoolId" | "ClientId">;

const ID_ALPHABET = "abcdefghijklmnopqrstuvwxyz0123456789";
const LIST_MAX = 60;
/** AWS: limits of how long tokens are valid. */
const TOKEN_SECONDS_MIN = 5 * 60;
const TOKEN_SECONDS_MAX = 24 * 60 * 60;
const REFRESH_SECONDS_MIN = 60 * 60;
const REFRESH_SECONDS_MAX = 10 * 365 * 24 * 60 * 60;

function check(settings: Settings): void {
  const flows = settings.ExplicitAuthFlows ?? [];
  const refused = flows.find((flow) => flow === "ALLOW_USER_AUTH");
  if (refused !== undefined) throw new NotEmulatedError(`the sign-in flow ${refused} of user pool clients`);
  const legacy = flows.filter((flow) => !flow.startsWith("ALLOW_"));
  if (legacy.length > 0 && legacy.length < flows.length)
    throw invalidParameter("You cannot mix ExplicitAuthFlows with and without the prefix ALLOW_");
  if (settings.RefreshTokenRotation?.Feature === "ENABLED")
    throw new NotEmulatedError("RefreshTokenRotation of user pool clients");
  if (settings.AnalyticsConfiguration) throw new NotEmulatedError("AnalyticsConfiguration of user pool clients");
  const provider = settings.SupportedIdentityProviders?.find((name) => name !== "COGNITO");
  if (provider !== undefined) throw new NotEmulatedError(`the identity provider ${provider} of user pool clients`);
  const client = { ...settings, ClientId: "", UserPoolId: "", createdMs: 0, updatedMs: 0 } as ClientRecord;
  for (const token of ["IdToken", "AccessToken"] as const)
    checkValidity(token, validitySeconds(client, token), TOKEN_SECONDS_MIN, TOKEN_SECONDS_MAX);
  checkValidity("RefreshToken", validitySeconds(client, "RefreshToken"), REFRESH_SECONDS_MIN, REFRESH_SECONDS_MAX);
}

function checkValidity(token: string, seconds: number, min: number, max: number): void {
  if (seconds < min || seconds > max)
    throw invalidParameter(
      `Invalid range for token validity: ${token} must be valid between ${min} and ${max} seconds`,
    );
}

export function createUserPoolClient(
  cx: Cx,
  input: Input<"cognito-idp", "CreateUserPoolClient">,
): Output<"cognito-idp", "CreateUserPoolClient"> {
  const pool = getPool(cx, input.UserPoolId);
  check(input);
  const { GenerateSecret, ClientSecret, UserPoolId: _, ...settings } = input;
  const now = cx.kernel.clock.now();
  const { random } = cx.kernel;
  const secret = ClientSecret ?? (GenerateSecret ? random.text(51, ID_ALPHABET) : undefined);
  const client: ClientRecord = {
    ...completed(settings),
    ClientId: random.text(26, ID_ALPHABET),
    ...(secret === undefined ? {} : { ClientSecret: secret }),
    UserPoolId: pool.Id,
    createdMs: now,
    updatedMs: now,
  };
  cx.state.addClient(client);
  return { UserPoolClient: describe(client) };
}

/** What a client has that its settings do not say. */
function completed(settings: Settings): Settings {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as Settings;
  return {
    RefreshTokenValidity: 30,
    EnableTokenRevocation: true,
    EnablePropagateAdditionalUserContextData: false,
    AllowedOAuthFlowsUserPoolClient: false,
    AuthSessionValidity: 3,
    ...given,
  };
}

export function describeUserPoolClient(
  cx: Cx,
  input: Input<"cognito-idp", "DescribeUserPoolClient">,
): Output<"cognito-idp", "DescribeUserPoolClient"> {
  return { UserPoolClient: describe(getPoolClient(cx, getPool(cx, input.UserPoolId), input.ClientId)) };
}

/** AWS: what an update leaves out goes back to its default. */
export function updateUserPoolClient(
  cx: Cx,
  input: Input<"cognito-idp", "UpdateUserPoolClient">,
): Output<"cognito-idp", "UpdateUserPoolClient"> {
  const former = getPoolClient(cx, getPool(cx, input.UserPoolId), input.ClientId);
  check(input);
  const { UserPoolId, ClientId, ClientSecret, createdMs } = former;
  const { UserPoolId: _, ClientId: __, ...settings } = input;
  const client: ClientRecord = {
    ...completed({ ClientName: former.ClientName, ...settings }),
    UserPoolId,
    ClientId,
    ...(ClientSecret === undefined ? {} : { ClientSecret }),
    createdMs,
    updatedMs: cx.kernel.clock.now(),
  };
  cx.state.addClient(client);
  return { UserPoolClient: describe(client) };
}

export function deleteUserPoolClient(cx: Cx, input: Input<"cognito-idp", "DeleteUserPoolClient">): object {
  cx.state.removeClient(getPoolClient(cx, getPool(cx, input.UserPoolId), input.ClientId));
  return {};
}

export function listUserPoolClients(
  cx: Cx,
  { UserPoolId, MaxResults, NextToken }: Input<"cognito-idp", "ListUserPoolClients">,
): Output<"cognito-idp", "ListUserPoolClients"> {
  const pool = getPool(cx, UserPoolId);
  const { page, next } = pageOf(cx.state.clientsOf(pool.Id), MaxResults ?? LIST_MAX, NextToken);
  return {
    UserPoolClients: page.map(({ ClientId, ClientName }) => ({ ClientId, ClientName, UserPoolId })),
    NextToken: next,
  };
}

function describe({ createdMs, updatedMs, ...members }: ClientRecord): UserPoolClientType {
  return { ...members, CreationDate: new Date(createdMs), LastModifiedDate: new Date(updatedMs) };
}
