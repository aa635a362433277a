import { stringify } from "yaml";
import type { Input, Output } from "../../../aws/api-types.ts";
import { defined } from "../../../gateway/tree.ts";
import { badRequest } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { getDeployment, getStage } from "../lookup.ts";
import { exportDocument } from "../openapi/export.ts";

/** AWS: "Export a REST API from API Gateway". */
export function getExport(cx: Cx, input: Input<"apigateway", "GetExport">): Output<"apigateway", "GetExport"> {
  const stage = getStage(cx, input.restApiId, input.stageName);
  const { snapshot } = getDeployment(cx, input.restApiId, stage.deploymentId);
  const exportType = input.exportType ?? "";
  if (exportType !== "oas30" && exportType !== "swagger")
    throw badRequest("Invalid export type specified. Must be one of: [oas30, swagger]");
  const extensions = new Set((input.parameters?.["extensions"] ?? "").split(",").map((one) => one.trim()));
  const document = exportDocument(snapshot, stage.stageName, {
    version: exportType,
    hasIntegrations: extensions.has("integrations") || extensions.has("apigateway"),
    hasAuthorizers: extensions.has("authorizers") || extensions.has("apigateway"),
  });
  const isYaml = input.accepts === "application/yaml";
  const text = isYaml ? stringify(document) : JSON.stringify(document, null, 2);
  return defined({
    contentType: isYaml ? "application/yaml" : "application/json",
    contentDisposition: `attachment; filename="${exportType}_${new Date(cx.kernel.clock.now()).toISOString()}.${isYaml ? "yaml" : "json"}"`,
    // The wire takes bytes; the SDK's type knows what it makes of them at the client.
    body: Buffer.from(text) as never,
  });
}
