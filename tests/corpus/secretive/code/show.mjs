// @ts-nocheck: as it is in an application that knows no types
import { DecryptCommand, EncryptCommand, KMSClient } from "@aws-sdk/client-kms";
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";

export const handler = async () => {
  const { SecretString } = await new SecretsManagerClient({}).send(
    new GetSecretValueCommand({ SecretId: process.env.SECRET }),
  );
  const kms = new KMSClient({});
  const { CiphertextBlob } = await kms.send(
    new EncryptCommand({ KeyId: process.env.KEY, Plaintext: Buffer.from("hidden") }),
  );
  const { Plaintext } = await kms.send(new DecryptCommand({ CiphertextBlob }));
  return {
    user: process.env.USER,
    passwordLength: JSON.parse(SecretString).password.length,
    decrypted: Buffer.from(Plaintext).toString(),
  };
};
