import {
  AdminCreateUserCommand,
  AdminSetUserPasswordCommand,
  CognitoIdentityProviderClient,
  InitiateAuthCommand,
} from "@aws-sdk/client-cognito-identity-provider";
import { expect } from "vitest";
import type { Application, Running } from "../corpus.ts";

async function signIn({ cloud, output }: Running) {
  const AuthParameters = { USERNAME: "hana", PASSWORD: "Tea-at-4pm" };
  const { AuthenticationResult } = await cloud
    .client(CognitoIdentityProviderClient)
    .send(new InitiateAuthCommand({ AuthFlow: "USER_PASSWORD_AUTH", ClientId: output("Client"), AuthParameters }));
  return AuthenticationResult!.AccessToken!;
}
const me = ({ output }: Running, token: string, path = "/me") =>
  fetch(output("Url") + path, { headers: { authorization: `Bearer ${token}` } });

export const application: Application = {
  async drive(running) {
    const cognito = running.cloud.client(CognitoIdentityProviderClient);
    const user = { UserPoolId: running.output("Pool"), Username: "hana" };
    await cognito.send(new AdminCreateUserCommand({ ...user, MessageAction: "SUPPRESS" }));
    await cognito.send(new AdminSetUserPasswordCommand({ ...user, Password: "Tea-at-4pm", Permanent: true }));
    expect((await me(running, "nonsense")).status).toBe(401);
    expect(await (await me(running, await signIn(running))).json()).toEqual({ token: "access" });
  },
  // Another route, replaced; the pool and its users stay.
  update: (template) => template.replace("GET /me", "GET /myself"),
  async updated(running) {
    expect((await me(running, await signIn(running), "/myself")).status).toBe(200);
  },
};
