import type { SecretReader } from "../../deploy/dynamic-references.ts";
import type { Principal } from "../../iam/principal.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import type { StackIdentity } from "./stack-environment.ts";

/** Reads what dynamic references stand for, on behalf of the deploying principal. */
export function secretReader(
  service: Pick<ServiceContext, "call">,
  stack: StackIdentity,
  as: Principal,
  parent: SpanContext,
): SecretReader {
  const scope = { account: stack.account, region: stack.region };
  const options = { as, scope, parent };
  return {
    async ssm(name, version, secure) {
      const answer = await service.call(
        "ssm",
        "GetParameter",
        { Name: version === undefined ? name : `${name}:${version}`, WithDecryption: secure },
        options,
      );
      return answer.Parameter?.Value ?? "";
    },
    async secret(id, stage, version) {
      const input = {
        SecretId: id,
        ...(stage === undefined ? {} : { VersionStage: stage }),
        ...(version === undefined ? {} : { VersionId: version }),
      };
      const answer = await service.call("secretsmanager", "GetSecretValue", input, options);
      return answer.SecretString ?? "";
    },
  };
}
