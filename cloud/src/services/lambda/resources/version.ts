import { defineResource, type ResourceContext } from "../../../deploy/resource.ts";
import { functionArn, readFunctionName } from "../function-name.ts";

interface Provisioned {
  ProvisionedConcurrentExecutions: number;
}

interface VersionProps {
  FunctionName: string;
  CodeSha256?: string;
  Description?: string;
  ProvisionedConcurrencyConfig?: Provisioned;
}

export const version = defineResource<VersionProps>({
  type: "AWS::Lambda::Version",
  honours: { FunctionName: true, CodeSha256: true, Description: true, ProvisionedConcurrencyConfig: true },
  replaceOn: ["FunctionName", "CodeSha256", "Description"],
  async create(cx, { ProvisionedConcurrencyConfig, ...props }) {
    const { name } = readFunctionName(cx.scope, props.FunctionName);
    const { Version } = await cx.call("lambda", "PublishVersion", props);
    const physicalId = functionArn(cx.scope, name, Version);
    cx.initiated(physicalId);
    await provision(cx, name, Version!, ProvisionedConcurrencyConfig);
    return { physicalId };
  },
  async update(cx, { physicalId, props }) {
    const { name, qualifier } = readFunctionName(cx.scope, physicalId);
    await provision(cx, name, qualifier!, props.ProvisionedConcurrencyConfig);
  },
  async delete(cx, { physicalId }) {
    const { name, qualifier } = readFunctionName(cx.scope, physicalId);
    await cx.call("lambda", "DeleteFunction", { FunctionName: name, Qualifier: qualifier });
  },
  async attributes(cx, physicalId) {
    return { Version: readFunctionName(cx.scope, physicalId).qualifier, FunctionArn: physicalId };
  },
});

interface AliasProps {
  Name: string;
  FunctionName: string;
  FunctionVersion: string;
  Description?: string;
  RoutingConfig?: { AdditionalVersionWeights?: { FunctionVersion: string; FunctionWeight: number }[] };
  ProvisionedConcurrencyConfig?: Provisioned;
}

export const alias = defineResource<AliasProps>({
  type: "AWS::Lambda::Alias",
  honours: {
    Name: true,
    FunctionName: true,
    FunctionVersion: true,
    Description: true,
    RoutingConfig: true,
    ProvisionedConcurrencyConfig: true,
  },
  replaceOn: ["Name", "FunctionName"],
  async create(cx, props) {
    const { name } = readFunctionName(cx.scope, props.FunctionName);
    await cx.call("lambda", "CreateAlias", aliasInput(name, props));
    const physicalId = functionArn(cx.scope, name, props.Name);
    cx.initiated(physicalId);
    await provision(cx, name, props.Name, props.ProvisionedConcurrencyConfig);
    return { physicalId };
  },
  async update(cx, { props }) {
    const { name } = readFunctionName(cx.scope, props.FunctionName);
    await cx.call("lambda", "UpdateAlias", aliasInput(name, props));
    await provision(cx, name, props.Name, props.ProvisionedConcurrencyConfig);
  },
  async delete(cx, { physicalId }) {
    const { name, qualifier } = readFunctionName(cx.scope, physicalId);
    await cx.call("lambda", "DeleteAlias", { FunctionName: name, Name: qualifier });
  },
  async attributes(_cx, physicalId) {
    return { AliasArn: physicalId };
  },
});

function aliasInput(FunctionName: string, { Name, FunctionVersion, Description = "", RoutingConfig }: AliasProps) {
  const weights = RoutingConfig?.AdditionalVersionWeights ?? [];
  return {
    FunctionName,
    Name,
    FunctionVersion,
    Description,
    RoutingConfig: {
      AdditionalVersionWeights: Object.fromEntries(weights.map((item) => [item.FunctionVersion, item.FunctionWeight])),
    },
  };
}

/** Sets provisioned concurrency, or ends it, and waits until the environments are there. */
async function provision(
  cx: ResourceContext,
  FunctionName: string,
  Qualifier: string,
  wanted: Provisioned | undefined,
) {
  const target = { FunctionName, Qualifier };
  if (!wanted) {
    await cx.call("lambda", "DeleteProvisionedConcurrencyConfig", target);
    return;
  }
  await cx.call("lambda", "PutProvisionedConcurrencyConfig", { ...target, ...wanted });
  await cx.waitUntil("provisioned concurrency", async () => {
    const found = await cx.call("lambda", "GetProvisionedConcurrencyConfig", target);
    if (found.Status === "FAILED") throw new Error(found.StatusReason);
    return found.Status === "READY" ? true : undefined;
  });
}
