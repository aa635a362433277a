import { transformApi } from "./api.ts";
import { addEmbeddedConnectors, transformConnector } from "./connector.ts";
import { asTemplate, type Context, type Made, type Source } from "./context.ts";
import { EventError, SamDocumentError, SamError, SamGap } from "./error.ts";
import { transformFunction } from "./function.ts";
import { mergeGlobals, readGlobals } from "./globals.ts";
import { transformHttpApi } from "./http-api.ts";
import { addDefaultDocuments, addImplicitApis } from "./implicit-api.ts";
import { isObject, isTruthy, type Json } from "./json.ts";
import { ParameterResolver } from "./parameters.ts";
import { checkProperties, isServerlessType } from "./properties.ts";
import { PythonDict, pythonText, toPython, Unicode } from "./python-dict.ts";
import { renameReferences } from "./references.ts";
import { ResourceOrder } from "./resource-order.ts";
import { transformApplication, transformLayer, transformSimpleTable } from "./simple-resources.ts";
import { transformStateMachine } from "./state-machine.ts";
import { isOpenApi3 } from "./swagger.ts";
import { UsagePlanShare } from "./usage-plan-share.ts";

export interface SamInput {
  /** Values of the template's parameters, given or by default. */
  readonly parameters: Json;
  readonly region: string;
  readonly partition?: string;
  /** ARNs of AWS managed policies by name. */
  readonly managedPolicies: Readonly<Record<string, string>>;
  /** For `AlwaysDeploy`. */
  readonly nowSeconds: number;
}

const TRANSFORMS: Readonly<Record<string, (context: Context, source: Source) => Made[]>> = {
  "AWS::Serverless::Function": transformFunction,
  "AWS::Serverless::StateMachine": transformStateMachine,
  "AWS::Serverless::Api": transformApi,
  "AWS::Serverless::HttpApi": transformHttpApi,
  "AWS::Serverless::SimpleTable": transformSimpleTable,
  "AWS::Serverless::LayerVersion": transformLayer,
  "AWS::Serverless::Application": transformApplication,
  "AWS::Serverless::Connector": transformConnector,
};

/** Functions add to APIs, and connectors speak of what all others have become. */
const PHASES: readonly (readonly string[])[] = [
  ["AWS::Serverless::Function"],
  ["AWS::Serverless::StateMachine"],
  ["AWS::Serverless::Api", "AWS::Serverless::HttpApi"],
  ["AWS::Serverless::SimpleTable", "AWS::Serverless::LayerVersion", "AWS::Serverless::Application"],
  ["AWS::Serverless::Connector"],
];

/** Derived references: `!Ref MyFunction.Alias` is the alias that was made of MyFunction. */
const DERIVED: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "AWS::Serverless::Function": {
    Alias: "AWS::Lambda::Alias",
    Version: "AWS::Lambda::Version",
    DestinationTopic: "AWS::SNS::Topic",
    DestinationQueue: "AWS::SQS::Queue",
  },
  "AWS::Serverless::Api": {
    Stage: "AWS::ApiGateway::Stage",
    Deployment: "AWS::ApiGateway::Deployment",
    UsagePlan: "AWS::ApiGateway::UsagePlan",
    UsagePlanKey: "AWS::ApiGateway::UsagePlanKey",
    ApiKey: "AWS::ApiGateway::ApiKey",
  },
  "AWS::Serverless::HttpApi": { Stage: "AWS::ApiGatewayV2::Stage" },
};

/**
 * `AWS::Serverless-2016-10-31`: makes CloudFormation of a SAM template, with the logical ids and properties that AWS's
 * own transform gives ("AWS SAM specification").
 * @returns a new template; the given one is left alone
 * @throws SamDocumentError with every error of the template; SamGap naming what is not emulated
 */
export function transformSam(source: Json, input: SamInput): Json {
  const template = structuredClone(source);
  checkResources(template);
  refuseTypes(template["Resources"] as Record<string, Json>);
  return new SamTransform(template, input).run();
}

function checkResources(template: Json): void {
  const fail = (message: string) => new SamDocumentError([`Structure of the SAM template is invalid. ${message}`]);
  const resources = template["Resources"];
  if (!isObject(resources) || Object.keys(resources).length === 0) throw fail("'Resources' section is required");
  if (!Object.values(resources).every(isObject))
    throw fail("All 'Resources' must be Objects. If you're using YAML, this may be an indentation issue.");
}

function refuseTypes(resources: Record<string, Json>): void {
  for (const [id, { Type }] of Object.entries(resources))
    if (typeof Type === "string" && Type.startsWith("AWS::Serverless::") && !isServerlessType(Type))
      throw new SamGap(`${Type} (${id})`);
}

class SamTransform {
  readonly #order: ResourceOrder;
  readonly #context: Context;
  readonly #globals: Readonly<Record<string, Json>>;
  readonly #errors: string[] = [];
  readonly #renamed = new Map<string, string>();
  readonly #derived = new Map<string, string>();
  /** Resources as they were before any was transformed. */
  readonly #original: ReadonlyMap<string, Json>;
  readonly #output: Map<string, Json>;

  constructor(
    readonly template: Json,
    input: SamInput,
  ) {
    const resources = template["Resources"] as Record<string, Json>;
    addEmbeddedConnectors(resources, this.#errors);
    this.#globals = readGlobals(template);
    this.#order = new ResourceOrder(resources, this.#globals["AWS::Serverless::HttpApi"]);
    const isUnicode = this.#order.isPython;
    const { Conditions } = template;
    this.#context = {
      resources: new Map(Object.entries(resources)),
      conditions: isObject(Conditions) ? Conditions : {},
      parameters: new ParameterResolver(parameterValues(template, input)),
      managedPolicies: input.managedPolicies,
      eventNames: (logicalId) => this.#order.eventNames(logicalId),
      apiBodies: new Map(),
      functionNames: new Map(),
      isUnicode,
      usagePlan: new UsagePlanShare(),
      nowSeconds: input.nowSeconds,
      made: new Map(),
    };
    this.#readBodies();
    addDefaultDocuments(this.#context, this.#order);
    addImplicitApis(this.#context, this.#order, this.#globals);
    this.#applyGlobals();
    this.#original = new Map(this.#context.resources);
    this.#output = this.#context.made;
    for (const [id, resource] of this.#context.resources) this.#output.set(id, resource);
  }

  /** Documents of REST APIs are kept in Python's dictionaries from the start. */
  #readBodies(): void {
    for (const [id, resource] of this.#context.resources) {
      const properties = resource["Properties"] as Json | undefined;
      if (resource["Type"] !== "AWS::Serverless::Api" || !isTruthy(properties?.["DefinitionBody"])) continue;
      const body = toPython(properties!["DefinitionBody"]);
      if (!(body instanceof PythonDict)) continue;
      this.#context.apiBodies.set(id, body);
      delete properties!["DefinitionBody"];
    }
  }

  #applyGlobals(): void {
    for (const id of this.#order.ids()) {
      const resource = this.#context.resources.get(id)!;
      if (!isServerlessType(resource["Type"])) continue;
      const properties = mergeGlobals(this.#globals, id, resource);
      const { IgnoreGlobals: _, ...kept } = resource;
      this.#context.resources.set(id, { ...kept, Properties: properties });
      this.#chooseVersion(id, properties);
    }
  }

  /** A managed document follows `OpenApiVersion`. */
  #chooseVersion(id: string, properties: Json): void {
    const version = properties["OpenApiVersion"];
    const body = this.#context.apiBodies.get(id);
    if (version === undefined || !properties["__MANAGE_SWAGGER"] || !body || !isOpenApi3(version)) return;
    properties["OpenApiVersion"] = String(version);
    body.set("openapi", new Unicode(String(version)));
    body.delete("swagger");
  }

  run(): Json {
    for (const types of PHASES)
      for (const id of this.#order.ids()) {
        const resource = this.#context.resources.get(id)!;
        if (types.includes(resource["Type"] as string)) this.#transform(id, resource);
      }
    if (this.#errors.length > 0) throw new SamDocumentError([...new Set(this.#errors)]);
    const { Transform: _, Globals: __, ...rest } = this.template;
    const conditions = this.#context.conditions;
    const result = {
      ...rest,
      ...(Object.keys(conditions).length > 0 ? { Conditions: conditions } : {}),
      Resources: Object.fromEntries(this.#output),
    };
    return renameReferences(result, this.#renamed, this.#derived) as Json;
  }

  #transform(id: string, resource: Json): void {
    try {
      const type = resource["Type"] as string;
      const properties = (resource["Properties"] ?? {}) as Json;
      checkProperties(id, type, properties);
      this.#noteFunctionName(type, properties);
      const made = TRANSFORMS[type]!(this.#context, { logicalId: id, type, properties, resource });
      this.#output.delete(id);
      for (const one of made) this.#put(id, resource, one);
      this.#noteReferences(id, type, made);
    } catch (error) {
      if (error instanceof EventError || error instanceof SamError) this.#errors.push(error.message);
      else throw error;
    }
  }

  #put(sourceId: string, resource: Json, made: Made): void {
    const existing = this.#original.get(made.logicalId);
    if (existing && !mayReplace(made.type, existing["Type"] as string)) {
      this.#errors.push(
        `Transforming resource with id [${sourceId}] attempts to create a new resource with id [${made.logicalId}] ` +
          `and type "${made.type}". A resource with that id already exists within this template. Please use a different id for that resource.`,
      );
      return;
    }
    const metadata = resource["Metadata"];
    const isFirst = !this.#output.has(made.logicalId);
    const result = asTemplate(made);
    if (isTruthy(metadata) && isFirst && result["Metadata"] === undefined) result["Metadata"] = metadata;
    this.#output.set(made.logicalId, result);
  }

  /** Names of functions take part in the name of their API's deployment. */
  #noteFunctionName(type: string, properties: Json): void {
    if (type !== "AWS::Serverless::Function" || !isObject(properties["Events"])) return;
    for (const event of Object.values(properties["Events"])) {
      if (!isObject(event) || event["Type"] !== "Api") continue;
      const given = (event["Properties"] as Json | undefined)?.["RestApiId"];
      const apiId = isObject(given) ? given["Ref"] : given;
      const name = this.#context.parameters.resolve(properties["FunctionName"]);
      if (typeof apiId !== "string" || !isTruthy(name)) continue;
      const text = typeof name === "string" ? name : pythonText(toPython(name));
      this.#context.functionNames.set(apiId, (this.#context.functionNames.get(apiId) ?? "") + text);
    }
  }

  #noteReferences(id: string, type: string, made: readonly Made[]): void {
    const main = made.find((one) => one.type === "AWS::Lambda::LayerVersion");
    if (main && main.logicalId !== id) this.#renamed.set(id, main.logicalId);
    for (const [name, derived] of Object.entries(DERIVED[type] ?? {})) {
      const found = made.findLast((one) => one.type === derived);
      if (found) this.#derived.set(`${id}.${name}`, found.logicalId);
    }
  }
}

function parameterValues(template: Json, { parameters, region, partition = "aws" }: SamInput): Json {
  const defaults: Json = {};
  for (const [name, declaration] of Object.entries((template["Parameters"] ?? {}) as Record<string, Json>))
    if (isObject(declaration) && "Default" in declaration) defaults[name] = declaration["Default"];
  return { "AWS::Region": region, "AWS::Partition": partition, ...defaults, ...parameters };
}

const REPLACEMENTS: Readonly<Record<string, string>> = {
  "AWS::Lambda::Function": "AWS::Serverless::Function",
  "AWS::Lambda::LayerVersion": "AWS::Serverless::LayerVersion",
  "AWS::ApiGateway::RestApi": "AWS::Serverless::Api",
  "AWS::ApiGatewayV2::Api": "AWS::Serverless::HttpApi",
  "AWS::S3::Bucket": "AWS::S3::Bucket",
  "AWS::SNS::Topic": "AWS::SNS::Topic",
  "AWS::DynamoDB::Table": "AWS::Serverless::SimpleTable",
  "AWS::CloudFormation::Stack": "AWS::Serverless::Application",
  "AWS::Cognito::UserPool": "AWS::Cognito::UserPool",
  "AWS::StepFunctions::StateMachine": "AWS::Serverless::StateMachine",
};

function mayReplace(type: string, existing: string): boolean {
  return REPLACEMENTS[type] === existing;
}
