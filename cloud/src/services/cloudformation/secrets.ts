import type { SecretReader } from "../../deploy/dynamic-references.ts";
import type { Principal } from "../../iam/principal.ts";
import type { SpanContext } from "../../kernel/trace.ts";
import type { ServiceContext } from "../../service.ts";
import type { StackIdentity } from "./stack-environment.ts";

/** Any operation by its name: Secrets Manager's types stand in the API table once that service is here. */
type UntypedCall = (
  service: string,
  operation: string,
  input: object,
  options: object,
) => Promise<Record<string, unknown>>;

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
      const answer = await (service.call as unknown as UntypedCall)("secretsmanager", "GetSecretValue", input, options);
      return String(answer["SecretString"] ?? "");
    },
  };
}
