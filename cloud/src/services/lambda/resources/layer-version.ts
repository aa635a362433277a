import type { Architecture, Runtime } from "@aws-sdk/client-lambda";
import { defineResource } from "../../../deploy/resource.ts";
import { readLayerArn } from "../layer.ts";

interface LayerVersionProps {
  LayerName?: string;
  Content: { S3Bucket: string; S3Key: string; S3ObjectVersion?: string };
  CompatibleRuntimes?: Runtime[];
  CompatibleArchitectures?: Architecture[];
  Description?: string;
  LicenseInfo?: string;
}

const NAME_MAX = 140;

/** Every change publishes another version, as on AWS. */
export const layerVersion = defineResource<LayerVersionProps>({
  type: "AWS::Lambda::LayerVersion",
  honours: {
    LayerName: true,
    Content: { S3Bucket: true, S3Key: true, S3ObjectVersion: true },
    CompatibleRuntimes: true,
    CompatibleArchitectures: true,
    Description: true,
    LicenseInfo: true,
  },
  async create(cx, props) {
    const { LayerVersionArn } = await cx.call("lambda", "PublishLayerVersion", {
      ...props,
      // AWS: the logical id names a layer that has no name.
      LayerName: props.LayerName ?? cx.logicalId.slice(0, NAME_MAX),
    });
    return { physicalId: LayerVersionArn! };
  },
  async delete(cx, { physicalId }) {
    const layer = readLayerArn(physicalId);
    if (layer) await cx.call("lambda", "DeleteLayerVersion", { LayerName: layer.name, VersionNumber: layer.version });
  },
  async attributes(_cx, physicalId) {
    return { LayerVersionArn: physicalId };
  },
});
