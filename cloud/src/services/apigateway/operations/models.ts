import type { Model } from "@aws-sdk/client-api-gateway";
import type { Input, Output } from "../../../aws/api-types.ts";
import { badRequest, conflict, limitExceeded } from "../errors.ts";
import type { Cx } from "../gateway.ts";
import { defined, getApi, getModel as findModel } from "../lookup.ts";
import { pageOf } from "../page.ts";
import { patched, text, type PatchRules } from "../patch.ts";
import type { ModelRecord } from "../state.ts";

/** AWS: "Quotas for creating, deploying and managing an API": the size of a model. */
const SCHEMA_BYTES_MAX = 400 * 1024;

export function createModel(cx: Cx, input: Input<"apigateway", "CreateModel">): Model {
  const api = getApi(cx, input.restApiId);
  if (cx.state.apis.models.has([api.id, input.name!])) throw conflict(`Model name already exists for this REST API`);
  return addModel(cx, api.id, { ...input, name: input.name!, contentType: input.contentType! });
}

/** Keeps a model, in the place of one of its name. @throws AwsError BadRequestException, LimitExceededException */
export function addModel(cx: Cx, apiId: string, facts: Omit<ModelRecord, "id">): ModelRecord {
  const { name, contentType, description, schema } = facts;
  if (!/^[a-zA-Z0-9]+$/.test(name)) throw badRequest(`Model name must be alphanumeric: ${name}`);
  const known = cx.state.apis.models.get([apiId, name]);
  const id = known?.id ?? cx.state.apis.newId(6);
  const model: ModelRecord = defined({ id, name, contentType, description, schema });
  checkSchema(model);
  cx.state.apis.models.put([apiId, name], model);
  cx.state.changed(apiId);
  return model;
}

function checkSchema({ schema, contentType }: ModelRecord): void {
  if (schema === undefined || schema === "")
    throw badRequest("Model schema must have at least 1 property or array items defined");
  if (Buffer.byteLength(schema) > SCHEMA_BYTES_MAX) throw limitExceeded("Model schema is too large");
  if (!contentType.includes("json")) return;
  try {
    const read: unknown = JSON.parse(schema);
    if (typeof read === "object" && read !== null && !Array.isArray(read)) return;
  } catch {
    // Told below.
  }
  throw badRequest(
    "Invalid model specified: Validation Result: warnings : [], errors : [Invalid model schema specified]",
  );
}

export function getModel(cx: Cx, input: Input<"apigateway", "GetModel">): Model {
  return findModel(cx, input.restApiId, input.modelName);
}

export function getModels(cx: Cx, input: Input<"apigateway", "GetModels">): Output<"apigateway", "GetModels"> {
  const api = getApi(cx, input.restApiId);
  return pageOf([...cx.state.apis.models.values({ prefix: [api.id] })], input);
}

const RULES: PatchRules = { "/description": text, "/schema": text };

export function updateModel(cx: Cx, input: Input<"apigateway", "UpdateModel">): Model {
  const model = findModel(cx, input.restApiId, input.modelName);
  return addModel(cx, input.restApiId!, patched(model, input.patchOperations, RULES));
}

export function deleteModel(cx: Cx, input: Input<"apigateway", "DeleteModel">): Record<string, never> {
  const model = findModel(cx, input.restApiId, input.modelName);
  for (const resource of cx.state.apis.resources.values({ prefix: [input.restApiId!] }))
    for (const method of Object.values(resource.resourceMethods)) {
      if (Object.values(method.requestModels ?? {}).includes(model.name))
        throw conflict(
          `Cannot delete model '${model.name}', is referenced in method request: ${resource.path}/${method.httpMethod}`,
        );
      for (const response of Object.values(method.methodResponses ?? {}))
        if (Object.values(response.responseModels ?? {}).includes(model.name))
          throw conflict(
            `Cannot delete model '${model.name}', is referenced in method response: ${resource.path}/${method.httpMethod}/${response.statusCode}`,
          );
    }
  for (const other of cx.state.apis.models.values({ prefix: [input.restApiId!] }))
    if (other.name !== model.name && other.schema?.includes(`/models/${model.name}"`))
      throw conflict(`Cannot delete model '${model.name}', is referenced in model: ${other.name}`);
  cx.state.apis.models.remove([input.restApiId!, model.name]);
  cx.state.changed(input.restApiId!);
  return {};
}
