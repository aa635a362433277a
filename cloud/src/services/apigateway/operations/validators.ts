import type { RequestValidator } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getApi, getValidator } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { boolean, patched, text, type PatchRules } from "../patch.ts";
import type { ValidatorRecord } from "../state.ts";

export function createRequestValidator(cx: Cx, input: Input<"apigateway", "CreateRequestValidator">): RequestValidator {
  const api = getApi(cx, input.restApiId);
  return addValidator(cx, api.id, input);
}

export function addValidator(cx: Cx, apiId: string, facts: Omit<RequestValidator, "id">): ValidatorRecord {
  const validator: ValidatorRecord = defined({
    id: cx.state.apis.newId(6),
    name: facts.name,
    validateRequestBody: facts.validateRequestBody ?? false,
    validateRequestParameters: facts.validateRequestParameters ?? false,
  });
  cx.state.apis.validators.put([apiId, validator.id], validator);
  cx.state.changed(apiId);
  return validator;
}

export function getRequestValidator(cx: Cx, input: Input<"apigateway", "GetRequestValidator">): RequestValidator {
  return getValidator(cx, input.restApiId, input.requestValidatorId);
}

export function getRequestValidators(
  cx: Cx,
  input: Input<"apigateway", "GetRequestValidators">,
): Output<"apigateway", "GetRequestValidators"> {
  const api = getApi(cx, input.restApiId);
  return pageOf([...cx.state.apis.validators.values({ prefix: [api.id] })], input);
}

const RULES: PatchRules = { "/name": text, "/validateRequestBody": boolean, "/validateRequestParameters": boolean };

export function updateRequestValidator(cx: Cx, input: Input<"apigateway", "UpdateRequestValidator">): RequestValidator {
  const validator = getValidator(cx, input.restApiId, input.requestValidatorId);
  const changed = patched(validator, input.patchOperations, RULES);
  if (changed.name === "") throw badRequest("Request Validator name cannot be blank");
  cx.state.apis.validators.put([input.restApiId!, changed.id], changed);
  cx.state.changed(input.restApiId!);
  return changed;
}

export function deleteRequestValidator(
  cx: Cx,
  input: Input<"apigateway", "DeleteRequestValidator">,
): Record<string, never> {
  const validator = getValidator(cx, input.restApiId, input.requestValidatorId);
  for (const resource of cx.state.apis.resources.values({ prefix: [input.restApiId!] }))
    for (const method of Object.values(resource.resourceMethods))
      if (method.requestValidatorId === validator.id)
        throw conflict(
          `Cannot delete validator '${validator.name}', is referenced in method: ${resource.path}/${method.httpMethod}`,
        );
  cx.state.apis.validators.remove([input.restApiId!, validator.id]);
  cx.state.changed(input.restApiId!);
  return {};
}
