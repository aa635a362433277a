import type { OperationName } from "../../aws/api-types.ts";
import { getApi } from "../../wire/model.ts";
import type { Ask } from "../../service.ts";
import type { Cx } from "./gateway.ts";

/**
 * The permission of a management operation. AWS: "Actions, resources, and condition keys for Amazon API Gateway
 * Management V2": actions are HTTP verbs, resources the paths of the API: `apigateway:PATCH` on
 * `arn:aws:apigateway:REGION::/apis/ID/routes/ID`.
 */
export function asks(operationName: OperationName<"apigatewayv2">): (input: object, cx: Cx) => Ask {
  let verb: string | undefined;
  let template = "";
  return (input, cx) => {
    if (verb === undefined) {
      const operation = getApi("apigatewayv2").operation(operationName);
      verb = operation.method;
      template = operation.uri.replace(/^\/v2/, "").replace(/\?.*$/, "");
    }
    const labels = input as Record<string, string | undefined>;
    const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(labels[name] ?? ""));
    return { action: `apigateway:${verb}`, resource: `arn:aws:apigateway:${cx.scope.region}::${path}` };
  };
}
