import type { Cors, FunctionUrlAuthType, InvokeMode } from "@aws-sdk/client-lambda";
import { defineResource } from "../../../deploy/resource.ts";
import { readFunctionName } from "../function-name.ts";
import { readLayerArn } from "../layer.ts";

interface PermissionProps {
  FunctionName: string;
  Action: string;
  Principal: string;
  SourceArn?: string;
  SourceAccount?: string;
  EventSourceToken?: string;
  PrincipalOrgID?: string;
  FunctionUrlAuthType?: FunctionUrlAuthType;
  InvokedViaFunctionUrl?: boolean;
}

const STATEMENT_ID_MAX = 100;

/** Every change replaces it, as on AWS. */
export const permission = defineResource<PermissionProps>({
  type: "AWS::Lambda::Permission",
  honours: {
    FunctionName: true,
    Action: true,
    Principal: true,
    SourceArn: true,
    SourceAccount: true,
    EventSourceToken: true,
    PrincipalOrgID: true,
    FunctionUrlAuthType: true,
    InvokedViaFunctionUrl: true,
  },
  async create(cx, { FunctionName, ...props }) {
    const StatementId = cx.physicalName(STATEMENT_ID_MAX);
    await cx.call("lambda", "AddPermission", { ...target(cx.scope, FunctionName), StatementId, ...props });
    return { physicalId: StatementId };
  },
  async delete(cx, { physicalId, props }) {
    await cx.call("lambda", "RemovePermission", { ...target(cx.scope, props.FunctionName), StatementId: physicalId });
  },
  async attributes(_cx, physicalId) {
    return { Id: physicalId };
  },
});

/** AWS: an unqualified ARN and `$LATEST` mean the function itself. */
function target(scope: Parameters<typeof readFunctionName>[0], text: string) {
  const { name, qualifier } = readFunctionName(scope, text);
  return { FunctionName: name, ...(qualifier === undefined ? {} : { Qualifier: qualifier }) };
}

interface UrlProps {
  TargetFunctionArn: string;
  Qualifier?: string;
  AuthType: FunctionUrlAuthType;
  InvokeMode?: InvokeMode;
  Cors?: Cors;
}

export const url = defineResource<UrlProps>({
  type: "AWS::Lambda::Url",
  honours: { TargetFunctionArn: true, Qualifier: true, AuthType: true, InvokeMode: true, Cors: true },
  replaceOn: ["TargetFunctionArn", "Qualifier"],
  async create(cx, { TargetFunctionArn, ...props }) {
    const { FunctionArn } = await cx.call("lambda", "CreateFunctionUrlConfig", {
      FunctionName: TargetFunctionArn,
      ...props,
    });
    return { physicalId: FunctionArn! };
  },
  async update(cx, { props: { TargetFunctionArn, ...props } }) {
    await cx.call("lambda", "UpdateFunctionUrlConfig", {
      FunctionName: TargetFunctionArn,
      InvokeMode: "BUFFERED",
      Cors: {},
      ...props,
    });
  },
  async delete(cx, { props }) {
    await cx.call("lambda", "DeleteFunctionUrlConfig", urlTarget(props));
  },
  async attributes(cx, _physicalId, props) {
    const { FunctionUrl, FunctionArn } = await cx.call("lambda", "GetFunctionUrlConfig", urlTarget(props));
    return { FunctionUrl, FunctionArn };
  },
});

function urlTarget({ TargetFunctionArn, Qualifier }: UrlProps) {
  return { FunctionName: TargetFunctionArn, ...(Qualifier === undefined ? {} : { Qualifier }) };
}

interface LayerPermissionProps {
  LayerVersionArn: string;
  Action: string;
  Principal: string;
  OrganizationId?: string;
}

export const layerVersionPermission = defineResource<LayerPermissionProps>({
  type: "AWS::Lambda::LayerVersionPermission",
  honours: { LayerVersionArn: true, Action: true, Principal: true, OrganizationId: true },
  async create(cx, { LayerVersionArn, ...props }) {
    const StatementId = cx.physicalName(STATEMENT_ID_MAX);
    await cx.call("lambda", "AddLayerVersionPermission", { ...layerTarget(LayerVersionArn), StatementId, ...props });
    return { physicalId: `${LayerVersionArn}#${StatementId}` };
  },
  async delete(cx, { physicalId }) {
    const [layer = "", StatementId = ""] = physicalId.split("#");
    await cx.call("lambda", "RemoveLayerVersionPermission", { ...layerTarget(layer), StatementId });
  },
  async attributes(_cx, physicalId) {
    return { Id: physicalId };
  },
});

function layerTarget(text: string) {
  const layer = readLayerArn(text);
  return { LayerName: layer?.name ?? text, VersionNumber: layer?.version };
}
