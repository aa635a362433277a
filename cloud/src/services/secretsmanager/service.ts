/**
 * AWS Secrets Manager: secrets with versions and staging labels, rotation by a function, recovery, resource policies.
 *
 * Gap: replication to other Regions and accounts, managed external secrets are refused by name.
 * Gap: keys of the user's (KmsKeyId other than alias/aws/secretsmanager) are refused by name.
 * Gap: rotation starts when its window begins; AWS starts somewhere within it (Duration).
 */
import { NotEmulatedError } from "../../aws/error.ts";
import { defineService, suspends, type Ask } from "../../service.ts";
import { randomPassword } from "./password.ts";
import { askFor, askOf } from "./permissions.ts";
import { listSecrets } from "./operations/listing.ts";
import * as policies from "./operations/policies.ts";
import { cancelRotateSecret, rotateSecret } from "./operations/rotation.ts";
import * as secrets from "./operations/secrets.ts";
import * as tags from "./operations/tags.ts";
import * as values from "./operations/values.ts";
import * as versions from "./operations/versions.ts";
import { resources } from "./resources.ts";
import { startRotation } from "./rotation.ts";
import { openSecretsState, type Cx } from "./state.ts";

/** Has asked already where it returns; see `askOf`. */
const onSecret =
  (action: string, contextOf: (input: never) => Ask["context"] = () => ({})) =>
  (input: { readonly SecretId?: string | undefined }, cx: Cx): Ask[] => {
    askOf(`secretsmanager:${action}`, input.SecretId ?? "", cx, contextOf(input as never));
    return [];
  };

const onNothing = (): Ask => ({ resource: "*" });

const replication = (operation: string) => () => {
  throw new NotEmulatedError(`replication of secrets (the operation secretsmanager:${operation})`);
};

export const secretsmanager = defineService({
  api: "secretsmanager",
  iamPrefix: "secretsmanager",
  state: openSecretsState,
  resources,
  start: startRotation,
  operations: {
    CreateSecret: secrets.createSecret,
    UpdateSecret: secrets.updateSecret,
    DescribeSecret: secrets.describeSecret,
    DeleteSecret: secrets.deleteSecret,
    RestoreSecret: secrets.restoreSecret,
    ListSecrets: listSecrets,
    GetSecretValue: values.getSecretValue,
    PutSecretValue: values.putSecretValue,
    BatchGetSecretValue: values.batchGetSecretValue,
    ListSecretVersionIds: versions.listSecretVersionIds,
    UpdateSecretVersionStage: versions.updateSecretVersionStage,
    RotateSecret: suspends(rotateSecret),
    CancelRotateSecret: cancelRotateSecret,
    GetRandomPassword: (cx: Cx, input) => ({ RandomPassword: randomPassword(cx.kernel.random, input) }),
    PutResourcePolicy: policies.putResourcePolicy,
    GetResourcePolicy: policies.getResourcePolicy,
    DeleteResourcePolicy: policies.deleteResourcePolicy,
    ValidateResourcePolicy: policies.validateResourcePolicy,
    TagResource: tags.tagResource,
    UntagResource: tags.untagResource,
    ReplicateSecretToRegions: replication("ReplicateSecretToRegions"),
    RemoveRegionsFromReplication: replication("RemoveRegionsFromReplication"),
    StopReplicationToReplica: replication("StopReplicationToReplica"),
  },
  authorize: {
    CreateSecret: (input, cx) => {
      const context: Record<string, string | readonly string[]> = { "secretsmanager:Name": input.Name ?? "" };
      for (const { Key = "", Value = "" } of input.Tags ?? []) context[`aws:RequestTag/${Key}`] = Value;
      const ask = { ...askFor(input.Name ?? "", cx, context), resourcePolicy: undefined };
      return input.Tags?.length ? [ask, { ...ask, action: "secretsmanager:TagResource" }] : ask;
    },
    UpdateSecret: onSecret("UpdateSecret"),
    DescribeSecret: onSecret("DescribeSecret"),
    DeleteSecret: onSecret("DeleteSecret", (input: { ForceDeleteWithoutRecovery?: boolean }) => ({
      "secretsmanager:ForceDeleteWithoutRecovery": String(input.ForceDeleteWithoutRecovery ?? false),
    })),
    RestoreSecret: onSecret("RestoreSecret"),
    ListSecrets: onNothing,
    GetSecretValue: onSecret("GetSecretValue", (input: { VersionId?: string; VersionStage?: string }) => ({
      ...(input.VersionId === undefined ? {} : { "secretsmanager:VersionId": input.VersionId }),
      "secretsmanager:VersionStage": input.VersionStage ?? "AWSCURRENT",
    })),
    PutSecretValue: onSecret("PutSecretValue"),
    BatchGetSecretValue: onNothing,
    ListSecretVersionIds: onSecret("ListSecretVersionIds"),
    UpdateSecretVersionStage: onSecret("UpdateSecretVersionStage", (input: { VersionStage?: string }) => ({
      "secretsmanager:VersionStage": input.VersionStage ?? "",
    })),
    RotateSecret: onSecret("RotateSecret"),
    CancelRotateSecret: onSecret("CancelRotateSecret"),
    GetRandomPassword: onNothing,
    PutResourcePolicy: onSecret("PutResourcePolicy"),
    GetResourcePolicy: onSecret("GetResourcePolicy"),
    DeleteResourcePolicy: onSecret("DeleteResourcePolicy"),
    ValidateResourcePolicy: ({ SecretId }, cx) => (SecretId === undefined ? onNothing() : askFor(SecretId, cx)),
    TagResource: onSecret("TagResource"),
    UntagResource: onSecret("UntagResource"),
    ReplicateSecretToRegions: onSecret("ReplicateSecretToRegions"),
    RemoveRegionsFromReplication: onSecret("RemoveRegionsFromReplication"),
    StopReplicationToReplica: onSecret("StopReplicationToReplica"),
  },
});
