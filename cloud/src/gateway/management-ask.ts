import type { OperationName } from "../aws/api-types.ts";
import type { Ask, CallContext } from "../service.ts";
import { getApi } from "../wire/model.ts";

/**
 * The permission of a management operation. AWS: "Actions, resources, and condition keys for Amazon API Gateway
 * Management" (and "Management V2"): actions are HTTP verbs, resources the paths of the API: `apigateway:PATCH` on
 * `arn:aws:apigateway:REGION::/apis/ID/routes/ID`.
 */
export function asksOf<S extends "apigateway" | "apigatewayv2">(api: S) {
  return (operationName: OperationName<S>): ((input: object, cx: Pick<CallContext, "scope">) => Ask) => {
    let verb: string | undefined;
    let template = "";
    return (input, cx) => {
      if (verb === undefined) {
        const operation = getApi(api).operation(operationName);
        verb = operation.method;
        template = operation.uri.replace(/^\/v2/, "").replace(/\?.*$/, "");
      }
      const labels = input as Record<string, string | undefined>;
      const path = template.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(labels[name] ?? ""));
      return { action: `apigateway:${verb}`, resource: `arn:aws:apigateway:${cx.scope.region}::${path}` };
    };
  };
}
