import { CloudFormationClient, CreateStackCommand, DescribeStacksCommand } from "@aws-sdk/client-cloudformation";
import { CreateAccessKeyCommand, CreateUserCommand, IAMClient, PutUserPolicyCommand } from "@aws-sdk/client-iam";
import {
  CancelKeyDeletionCommand,
  CreateAliasCommand,
  CreateGrantCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EnableKeyRotationCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  GenerateDataKeyPairCommand,
  GenerateDataKeyWithoutPlaintextCommand,
  GenerateMacCommand,
  GenerateRandomCommand,
  GetKeyRotationStatusCommand,
  GetPublicKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ListGrantsCommand,
  ListKeyRotationsCommand,
  ListKeysCommand,
  ListResourceTagsCommand,
  PutKeyPolicyCommand,
  ReEncryptCommand,
  RetireGrantCommand,
  RevokeGrantCommand,
  RotateKeyOnDemandCommand,
  ScheduleKeyDeletionCommand,
  SignCommand,
  UpdateAliasCommand,
  VerifyCommand,
  VerifyMacCommand,
  type CreateKeyCommandInput,
  type MessageType,
  type SigningAlgorithmSpec,
} from "@aws-sdk/client-kms";
import { constants, createHash, createPrivateKey, createPublicKey, verify as verifyByNode } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";

let cloud: Cloud;
let kms: KMSClient;
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen", startMs: Date.UTC(2025, 5, 1) });
  kms = cloud.client(KMSClient);
});
afterAll(() => cloud.close());

let count = 0;
const make = async (input: CreateKeyCommandInput = {}) => (await kms.send(new CreateKeyCommand(input))).KeyMetadata!;
const encrypt = async (KeyId: string, text: string, EncryptionContext?: Record<string, string>, client = kms) =>
  (await client.send(new EncryptCommand({ KeyId, Plaintext: Buffer.from(text), EncryptionContext }))).CiphertextBlob!;
const decrypt = async (
  CiphertextBlob: Uint8Array,
  more: { KeyId?: string; EncryptionContext?: Record<string, string> } = {},
  client = kms,
) => Buffer.from((await client.send(new DecryptCommand({ CiphertextBlob, ...more }))).Plaintext!).toString();
const refused = (call: Promise<unknown>, name: string, message?: string) =>
  expect(call).rejects.toMatchObject(message === undefined ? { name } : { name, message });

async function makeUser(UserName: string, statement?: object): Promise<KMSClient> {
  const iam = cloud.client(IAMClient);
  await iam.send(new CreateUserCommand({ UserName }));
  if (statement)
    await iam.send(
      new PutUserPolicyCommand({
        UserName,
        PolicyName: "p",
        PolicyDocument: JSON.stringify({ Version: "2012-10-17", Statement: [{ Effect: "Allow", ...statement }] }),
      }),
    );
  const { AccessKey } = await iam.send(new CreateAccessKeyCommand({ UserName }));
  return cloud.client(KMSClient, {
    credentials: { accessKeyId: AccessKey!.AccessKeyId!, secretAccessKey: AccessKey!.SecretAccessKey! },
  });
}

describe("a symmetric key", () => {
  it("encrypts and decrypts, bound to its encryption context", async () => {
    const { KeyId, Arn } = await make({ Description: "d", Tags: [{ TagKey: "a", TagValue: "1" }] });
    const context = { a: "1", b: "2" };
    const blob = await encrypt(KeyId!, "hello", context);
    expect(Buffer.from(blob).includes("hello")).toBe(false);
    expect(await decrypt(blob, { EncryptionContext: { b: "2", a: "1" } })).toBe("hello");
    expect(await decrypt(blob, { KeyId: Arn, EncryptionContext: context })).toBe("hello");
    await refused(decrypt(blob, { EncryptionContext: { a: "1" } }), "InvalidCiphertextException");
    await refused(decrypt(blob), "InvalidCiphertextException");
    await refused(decrypt(Buffer.from("nonsense")), "InvalidCiphertextException");
    const altered = Buffer.from(blob);
    altered[altered.length - 1]! ^= 1;
    await refused(decrypt(altered, { EncryptionContext: context }), "InvalidCiphertextException");
    const other = await make();
    await refused(
      decrypt(blob, { KeyId: other.KeyId, EncryptionContext: context }),
      "IncorrectKeyException",
      "The key ID in the request does not identify a CMK that can perform this operation.",
    );
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata).toMatchObject({
      AWSAccountId: "000000000000",
      Arn: `arn:aws:kms:us-east-1:000000000000:key/${KeyId}`,
      Description: "d",
      Enabled: true,
      KeyState: "Enabled",
      KeyManager: "CUSTOMER",
      KeySpec: "SYMMETRIC_DEFAULT",
      EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"],
    });
    expect((await kms.send(new ListResourceTagsCommand({ KeyId }))).Tags).toEqual([{ TagKey: "a", TagValue: "1" }]);
  });

  it("moves a ciphertext to another key", async () => {
    const [one, two] = [await make(), await make()];
    const CiphertextBlob = await encrypt(one.KeyId!, "hello", { a: "1" });
    const moved = await kms.send(
      new ReEncryptCommand({ CiphertextBlob, SourceEncryptionContext: { a: "1" }, DestinationKeyId: two.KeyId }),
    );
    expect(moved).toMatchObject({ SourceKeyId: one.Arn, KeyId: two.Arn });
    expect(await decrypt(moved.CiphertextBlob!, { KeyId: two.KeyId })).toBe("hello");
  });

  it("makes data keys, pairs and random bytes", async () => {
    const { KeyId, Arn } = await make();
    const made = await kms.send(new GenerateDataKeyCommand({ KeyId, KeySpec: "AES_256" }));
    expect(made).toMatchObject({ KeyId: Arn });
    const opened = await kms.send(new DecryptCommand({ CiphertextBlob: made.CiphertextBlob }));
    expect(Buffer.from(opened.Plaintext!).equals(made.Plaintext!)).toBe(true);
    expect(made.Plaintext).toHaveLength(32);
    const blind = await kms.send(new GenerateDataKeyWithoutPlaintextCommand({ KeyId, NumberOfBytes: 64 }));
    expect(blind).not.toHaveProperty("Plaintext");
    expect((await kms.send(new DecryptCommand({ CiphertextBlob: blind.CiphertextBlob }))).Plaintext).toHaveLength(64);
    await refused(kms.send(new GenerateDataKeyCommand({ KeyId })), "ValidationException");
    const pair = await kms.send(new GenerateDataKeyPairCommand({ KeyId, KeyPairSpec: "ECC_NIST_P256" }));
    const privateKey = createPrivateKey({ key: Buffer.from(pair.PrivateKeyPlaintext!), format: "der", type: "pkcs8" });
    const publicKey = createPublicKey({ key: privateKey.export({ type: "pkcs8", format: "pem" }) });
    expect(publicKey.export({ type: "spki", format: "der" }).equals(pair.PublicKey!)).toBe(true);
    expect((await kms.send(new GenerateRandomCommand({ NumberOfBytes: 16 }))).Plaintext).toHaveLength(16);
  });

  it("rotates, by schedule and on demand; old ciphertexts still open", async () => {
    const { KeyId } = await make();
    const blob = await encrypt(KeyId!, "old");
    await kms.send(new EnableKeyRotationCommand({ KeyId, RotationPeriodInDays: 90 }));
    expect(await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).toMatchObject({
      KeyRotationEnabled: true,
      RotationPeriodInDays: 90,
      NextRotationDate: new Date(cloud.clock.now() + 90 * 86_400_000),
    });
    await kms.send(new RotateKeyOnDemandCommand({ KeyId }));
    await cloud.clock.advance("91 days");
    const { Rotations } = await kms.send(new ListKeyRotationsCommand({ KeyId }));
    expect(Rotations!.map(({ RotationType }) => RotationType)).toEqual(["AUTOMATIC", "ON_DEMAND"]);
    expect(await decrypt(blob)).toBe("old");
    expect(await decrypt(await encrypt(KeyId!, "new"))).toBe("new");
  });
});

describe("asymmetric keys", () => {
  it("encrypt with RSA", async () => {
    const { KeyId } = await make({ KeySpec: "RSA_2048", KeyUsage: "ENCRYPT_DECRYPT" });
    const EncryptionAlgorithm = "RSAES_OAEP_SHA_256";
    const { CiphertextBlob } = await kms.send(
      new EncryptCommand({ KeyId, Plaintext: Buffer.from("hi"), EncryptionAlgorithm }),
    );
    const { Plaintext } = await kms.send(new DecryptCommand({ KeyId, CiphertextBlob, EncryptionAlgorithm }));
    expect(Buffer.from(Plaintext!).toString()).toBe("hi");
    await refused(encrypt(KeyId!, "hi"), "InvalidKeyUsageException");
  });

  const cases: [CreateKeyCommandInput["KeySpec"], SigningAlgorithmSpec][] = [
    ["RSA_2048", "RSASSA_PKCS1_V1_5_SHA_256"],
    ["RSA_2048", "RSASSA_PSS_SHA_512"],
    ["RSA_3072", "RSASSA_PSS_SHA_256"],
    ["ECC_NIST_P256", "ECDSA_SHA_256"],
    ["ECC_NIST_P384", "ECDSA_SHA_384"],
    ["ECC_NIST_P521", "ECDSA_SHA_512"],
    ["ECC_SECG_P256K1", "ECDSA_SHA_256"],
  ];
  it.each(cases)("%s signs with %s, messages and digests, as others verify", async (KeySpec, SigningAlgorithm) => {
    const { KeyId } = await make({ KeySpec, KeyUsage: "SIGN_VERIFY" });
    const hash = `sha${SigningAlgorithm.slice(-3)}`;
    const message = Buffer.from("a message");
    const digest = createHash(hash).update(message).digest();
    const { PublicKey } = await kms.send(new GetPublicKeyCommand({ KeyId }));
    const key = createPublicKey({ key: Buffer.from(PublicKey!), format: "der", type: "spki" });
    const padding = SigningAlgorithm.includes("PSS") ? constants.RSA_PKCS1_PSS_PADDING : undefined;
    const send = (MessageType: MessageType, Message: Uint8Array) =>
      kms.send(new SignCommand({ KeyId, Message, MessageType, SigningAlgorithm }));
    for (const { Signature } of [await send("RAW", message), await send("DIGEST", digest)]) {
      expect(verifyByNode(hash, message, padding ? { key, padding } : key, Signature!)).toBe(true);
      const check = (Message: Uint8Array) =>
        kms.send(new VerifyCommand({ KeyId, Message, Signature, SigningAlgorithm }));
      expect(await check(message)).toMatchObject({ SignatureValid: true });
      await refused(check(Buffer.from("another")), "KMSInvalidSignatureException");
    }
    await refused(send("DIGEST", message), "ValidationException");
  });

  it("need a usage, and keep to it", async () => {
    await refused(
      make({ KeySpec: "RSA_2048" }),
      "ValidationException",
      "You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.",
    );
    await refused(make({ KeySpec: "ECC_NIST_P256", KeyUsage: "ENCRYPT_DECRYPT" }), "ValidationException");
    const { KeyId, Arn } = await make();
    await refused(
      kms.send(new SignCommand({ KeyId, Message: Buffer.from("x"), SigningAlgorithm: "ECDSA_SHA_256" })),
      "InvalidKeyUsageException",
      `${Arn} key usage is ENCRYPT_DECRYPT which is not valid for Sign.`,
    );
  });
});

it("makes and verifies MACs", async () => {
  const { KeyId } = await make({ KeySpec: "HMAC_384", KeyUsage: "GENERATE_VERIFY_MAC" });
  const asked = { KeyId, Message: Buffer.from("m"), MacAlgorithm: "HMAC_SHA_384" } as const;
  const { Mac } = await kms.send(new GenerateMacCommand(asked));
  expect(Mac).toHaveLength(48);
  expect(await kms.send(new VerifyMacCommand({ ...asked, Mac }))).toMatchObject({ MacValid: true });
  await refused(kms.send(new VerifyMacCommand({ ...asked, Message: Buffer.from("n"), Mac })), "KMSInvalidMacException");
});

describe("the life of a key", () => {
  it("is disabled and enabled, deleted after its window, saved before", async () => {
    const { KeyId, Arn } = await make();
    const blob = await encrypt(KeyId!, "v");
    await kms.send(new DisableKeyCommand({ KeyId }));
    await refused(decrypt(blob), "DisabledException", `${Arn} is disabled.`);
    await kms.send(new EnableKeyCommand({ KeyId }));
    const { DeletionDate } = await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    expect(DeletionDate).toEqual(new Date(cloud.clock.now() + 7 * 86_400_000));
    await refused(decrypt(blob), "KMSInvalidStateException", `${Arn} is pending deletion.`);
    await refused(kms.send(new EnableKeyCommand({ KeyId })), "KMSInvalidStateException");
    await kms.send(new CancelKeyDeletionCommand({ KeyId }));
    expect((await kms.send(new DescribeKeyCommand({ KeyId }))).KeyMetadata!.KeyState).toBe("Disabled");
    await kms.send(new EnableKeyCommand({ KeyId }));
    expect(await decrypt(blob)).toBe("v");
    await kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays: 7 }));
    await cloud.clock.advance("8 days");
    await refused(decrypt(blob), "NotFoundException", `Key '${Arn}' does not exist`);
  });

  it.each<[CreateKeyCommandInput]>([
    [{ MultiRegion: true }],
    [{ Origin: "EXTERNAL" }],
    [{ CustomKeyStoreId: "cks-1" }],
    [{ KeySpec: "SM2", KeyUsage: "SIGN_VERIFY" }],
    [{ KeySpec: "ECC_NIST_P256", KeyUsage: "KEY_AGREEMENT" }],
  ])("is refused with %j", (input) => refused(make(input), "NotImplemented"));
});

it("has aliases, moved and listed", async () => {
  const [one, two] = [await make(), await make()];
  const AliasName = `alias/mine-${++count}`;
  await refused(
    encrypt(AliasName, "x"),
    "NotFoundException",
    `Alias arn:aws:kms:us-east-1:000000000000:${AliasName} is not found.`,
  );
  await refused(encrypt("nonsense", "x"), "NotFoundException", "Invalid keyId 'nonsense'");
  await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one.KeyId }));
  await refused(
    kms.send(new CreateAliasCommand({ AliasName, TargetKeyId: one.KeyId })),
    "AlreadyExistsException",
    `An alias with the name arn:aws:kms:us-east-1:000000000000:${AliasName} already exists`,
  );
  const blob = await encrypt(AliasName, "x");
  await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId: two.KeyId }));
  expect(await decrypt(blob)).toBe("x");
  await refused(decrypt(blob, { KeyId: AliasName }), "IncorrectKeyException");
  expect((await kms.send(new ListAliasesCommand({ KeyId: two.KeyId }))).Aliases).toMatchObject([{ AliasName }]);
  await refused(
    kms.send(new CreateAliasCommand({ AliasName: "alias/aws/x", TargetKeyId: one.KeyId })),
    "NotAuthorizedException",
  );
  await refused(kms.send(new CreateAliasCommand({ AliasName: "mine", TargetKeyId: one.KeyId })), "ValidationException");
  const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: "alias/aws/s3" }));
  expect(KeyMetadata).toMatchObject({ KeyManager: "AWS", KeyState: "Enabled" });
  const { Aliases } = await kms.send(new ListAliasesCommand({}));
  expect(Aliases!.map((alias) => alias.AliasName)).toContain("alias/aws/s3");
  const first = await kms.send(new ListKeysCommand({ Limit: 1 }));
  const second = await kms.send(new ListKeysCommand({ Limit: 1, Marker: first.NextMarker }));
  expect(first).toMatchObject({ Truncated: true });
  expect(second.Keys![0]!.KeyId).not.toBe(first.Keys![0]!.KeyId);
});

describe("permission", () => {
  it("comes from IAM where the key policy gives it to the account, and not without", async () => {
    const { KeyId, Arn } = await make();
    const allowed = await makeUser("allowed", {
      Action: ["kms:Encrypt", "kms:CreateKey", "kms:ListKeys"],
      Resource: "*",
    });
    const blob = await encrypt(KeyId!, "x", undefined, allowed);
    await refused(
      decrypt(blob, {}, allowed),
      "AccessDeniedException",
      `User: arn:aws:iam::000000000000:user/allowed is not authorized to perform: kms:Decrypt on resource: ${Arn} because no identity-based policy allows the kms:Decrypt action`,
    );
    await allowed.send(new ListKeysCommand({}));
    await refused(
      allowed.send(new CreateKeyCommand({})),
      "MalformedPolicyDocumentException",
      "The new key policy will not allow you to update the key policy in the future.",
    );
    const Policy = JSON.stringify({
      Version: "2012-10-17",
      Statement: [
        {
          Effect: "Allow",
          Principal: { AWS: "arn:aws:iam::000000000000:root" },
          Action: "kms:PutKeyPolicy",
          Resource: "*",
        },
      ],
    });
    await kms.send(new PutKeyPolicyCommand({ KeyId, Policy }));
    await refused(encrypt(KeyId!, "x", undefined, allowed), "AccessDeniedException");
    await refused(encrypt(KeyId!, "x"), "AccessDeniedException");
  });

  it("comes from grants, within their constraints, until they end", async () => {
    const { KeyId } = await make();
    const grantee = await makeUser("grantee");
    const blob = await encrypt(KeyId!, "x", { team: "a", more: "b" });
    const read = (EncryptionContext: Record<string, string>) => decrypt(blob, { EncryptionContext }, grantee);
    await refused(read({ team: "a", more: "b" }), "AccessDeniedException");
    const GranteePrincipal = "arn:aws:iam::000000000000:user/grantee";
    const grant = await kms.send(
      new CreateGrantCommand({
        KeyId,
        GranteePrincipal,
        RetiringPrincipal: GranteePrincipal,
        Operations: ["Decrypt"],
        Constraints: { EncryptionContextSubset: { team: "a" } },
      }),
    );
    expect(await read({ team: "a", more: "b" })).toBe("x");
    await refused(read({ team: "b", more: "b" }), "AccessDeniedException");
    await refused(encrypt(KeyId!, "x", { team: "a" }, grantee), "AccessDeniedException");
    expect((await kms.send(new ListGrantsCommand({ KeyId }))).Grants).toMatchObject([
      { GrantId: grant.GrantId, GranteePrincipal, Operations: ["Decrypt"] },
    ]);
    await grantee.send(new RetireGrantCommand({ GrantToken: grant.GrantToken }));
    await refused(read({ team: "a", more: "b" }), "AccessDeniedException");
    await refused(kms.send(new RevokeGrantCommand({ KeyId, GrantId: grant.GrantId })), "InvalidGrantIdException");
  });
});

it("never shows what it encrypts in a trace", async () => {
  const { KeyId } = await make();
  const word = "w0rd-that-nobody-sees";
  await decrypt(await encrypt(KeyId!, word));
  const shown = JSON.stringify(cloud.trace.spans());
  expect(shown).not.toContain(word);
  expect(shown).not.toContain(JSON.stringify(Buffer.from(word)));
  expect(shown).toContain(`"Plaintext":"***"`);
});

it("is deployed by CloudFormation", async () => {
  const cloudformation = cloud.client(CloudFormationClient);
  const template = {
    Resources: {
      Key: { Type: "AWS::KMS::Key", Properties: { EnableKeyRotation: true, Tags: [{ Key: "a", Value: "1" }] } },
      Alias: {
        Type: "AWS::KMS::Alias",
        Properties: { AliasName: "alias/deployed", TargetKeyId: { "Fn::GetAtt": ["Key", "Arn"] } },
      },
    },
    Outputs: { Id: { Value: { Ref: "Key" } }, Alias: { Value: { Ref: "Alias" } } },
  };
  await cloudformation.send(new CreateStackCommand({ StackName: "keys", TemplateBody: JSON.stringify(template) }));
  await cloud.settled();
  const { Stacks } = await cloudformation.send(new DescribeStacksCommand({ StackName: "keys" }));
  expect(Stacks![0]!.StackStatus).toBe("CREATE_COMPLETE");
  const KeyId = Stacks![0]!.Outputs!.find(({ OutputKey }) => OutputKey === "Id")!.OutputValue!;
  expect(await decrypt(await encrypt("alias/deployed", "x"), { KeyId })).toBe("x");
  expect(await kms.send(new GetKeyRotationStatusCommand({ KeyId }))).toMatchObject({ KeyRotationEnabled: true });
});
