#!/usr/bin/env node
// Compiles the AWS API model into the tables of cloud/api, from which cloud/src/wire works.
//
//   node scripts/generate-api.mjs                    tables from the installed @aws-sdk/client-* packages
//   node scripts/generate-api.mjs --botocore DIR     constraints and the list of all services too, from an unpacked
//                                                    botocore (pip download botocore --no-deps; unzip)
//
// The SDK's schemas are undocumented: `[3, namespace, name, traits, memberNames, memberSchemas, requiredCount]`, see
// @smithy/types `StaticSchema`. The round-trip fuzz of cloud/src/wire guards their meaning when the SDK is upgraded.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";

const API_DIR = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "cloud", "api");

/**
 * Table name (as the AWS CLI and boto3 name the service) → SDK package, and what the model does not say.
 * `operations`: only these in full, of the others the bare name.
 * `queryNamespace`: XML namespace of the query protocol that older clients speak.
 * @type {Record<string, { client: string, operations?: string[], queryNamespace?: string, botocore?: string }>}
 */
export const SERVICES = {
  sts: { client: "client-sts" },
  iam: { client: "client-iam" },
  lambda: { client: "client-lambda" },
  dynamodb: { client: "client-dynamodb" },
  dynamodbstreams: { client: "client-dynamodb-streams" },
  apigatewayv2: { client: "client-apigatewayv2" },
  logs: { client: "client-cloudwatch-logs" },
  ssm: { client: "client-ssm" },
  s3: { client: "client-s3" },
  cloudformation: { client: "client-cloudformation" },
  sqs: { client: "client-sqs", queryNamespace: "http://queue.amazonaws.com/doc/2012-11-05/" },
  cloudwatch: { client: "client-cloudwatch" },
  "cognito-idp": { client: "client-cognito-identity-provider" },
  kinesis: { client: "client-kinesis" },
  sns: { client: "client-sns" },
  events: { client: "client-eventbridge" },
  scheduler: { client: "client-scheduler" },
  pipes: { client: "client-pipes" },
  stepfunctions: { client: "client-sfn" },
  secretsmanager: { client: "client-secrets-manager" },
  kms: { client: "client-kms" },
  ses: { client: "client-ses" },
  sesv2: { client: "client-sesv2" },
  apigateway: { client: "client-api-gateway" },
  ec2: {
    client: "client-ec2",
    operations: [
      "DescribeAvailabilityZones",
      "DescribeRegions",
      "DescribeAccountAttributes",
      "DescribeVpcs",
      "DescribeSubnets",
      "DescribeSecurityGroups",
      "CreateSecurityGroup",
      "DeleteSecurityGroup",
      "AuthorizeSecurityGroupIngress",
      "AuthorizeSecurityGroupEgress",
      "CreateTags",
      "DeleteTags",
      "DescribeTags",
    ],
  },
};

const TRAIT_BITS = [
  "httpLabel",
  "idempotent",
  "idempotencyToken",
  "sensitive",
  "httpPayload",
  "httpResponseCode",
  "httpQueryParams",
];

const REQUEST_PLACES = new Set(["httpLabel", "httpQuery", "httpQueryParams"]);

/** @typedef {any} Schema an SDK schema: undocumented, so read with care */
/** @typedef {Record<string, unknown>} Traits */

/** @param {unknown} traits @returns {Traits} */
function traitsOf(traits) {
  if (typeof traits === "object" && traits) return /** @type {Traits} */ (traits);
  const bits = Number(traits) | 0;
  return Object.fromEntries(TRAIT_BITS.filter((_, i) => (bits >> i) & 1).map((name) => [name, 1]));
}

/** One service's table. */
class Table {
  /** @type {Map<string, unknown[]>} */
  shapes = new Map();

  /**
   * Puts a schema into the table; answers its reference (a number for simple types, else a name) and its traits.
   * @param {Schema} schema
   * @param {Traits} traits
   * @returns {[number | string, Traits]}
   */
  reference(schema, traits = {}) {
    if (typeof schema === "function") return this.reference(schema(), traits);
    if (typeof schema === "number") return [schema, traits];
    if (schema === "unit") return ["Unit", traits];
    if (schema.length === 2) return this.reference(schema[0], { ...traitsOf(schema[1]), ...traits });
    if (schema[0] === 0) return this.reference(schema[4], { ...traitsOf(schema[3]), ...traits });
    this.add(schema);
    return [schema[2], traits];
  }

  /** @param {Schema} schema */
  add(schema) {
    const name = schema[2];
    if (this.shapes.has(name)) return;
    const traits = traitsOf(schema[3]);
    /** @type {unknown[]} */
    const row = [];
    this.shapes.set(name, row);
    if (schema[0] === 1) row.push(1, traits, ...this.reference(schema[4]));
    else if (schema[0] === 2) row.push(2, traits, ...this.reference(schema[4]), ...this.reference(schema[5]));
    else {
      const members = schema[4].map((/** @type {string} */ member, /** @type {number} */ i) => {
        const [ref, memberTraits] = this.reference(schema[5][i]);
        return Object.keys(memberTraits).length > 0 ? [member, ref, memberTraits] : [member, ref];
      });
      row.push(schema[0], traits, members, schema[6] ?? 0);
    }
  }

  /**
   * Traits that place a member into a request say nothing in an answer: API Gateway's `position` is a query parameter
   * when it is asked for and stands in the body when it is told.
   * @param {Record<string, any>} operations
   */
  keepOutputsInBodies(operations) {
    const inputs = new Set(Object.values(operations).map(([input]) => input));
    for (const [, output] of Object.values(operations)) {
      const row = this.shapes.get(output);
      if (row?.[0] !== 3 || inputs.has(output)) continue;
      row[2] = /** @type {any[][]} */ (row[2]).map(([member, ref, traits]) => {
        const kept = Object.entries(traits ?? {}).filter(([name]) => !REQUEST_PLACES.has(name));
        return kept.length > 0 ? [member, ref, Object.fromEntries(kept)] : [member, ref];
      });
    }
  }
}

/**
 * @param {string} name
 * @param {(typeof SERVICES)[string]} options
 * @returns {Promise<string>} the table as text
 */
async function generateTable(name, options) {
  /** @type {Record<string, any>} */
  const sdk = createRequire(path.join(API_DIR, "x.js"))(`@aws-sdk/${options.client}`);
  const Client = Object.entries(sdk).find(
    ([key, value]) => key.endsWith("Client") && typeof value === "function" && key !== "__Client",
  )?.[1];
  const client = new Client({ region: "us-east-1", credentials: { accessKeyId: "x", secretAccessKey: "x" } });
  const settings = client.config.protocolSettings;
  const table = new Table();
  /** @type {Record<string, unknown>} */
  const operations = {};
  /** @type {string[]} */
  const others = [];
  let signingName = name;
  for (const schema of Object.values(sdk).filter((value) => Array.isArray(value) && value[0] === 9)) {
    const [, , operation, rawTraits, input, output] = schema;
    if (options.operations && !options.operations.includes(operation)) {
      others.push(operation);
      continue;
    }
    const [inputRef] = table.reference(input);
    const [outputRef] = table.reference(output);
    const schemes = findAuthSchemes(client, operation);
    signingName = schemes.find((scheme) => scheme.signingProperties?.name)?.signingProperties?.name ?? signingName;
    const unsigned = schemes.some((scheme) => scheme.schemeId === "smithy.api#noAuth");
    operations[operation] = [inputRef, outputRef, { ...traitsOf(rawTraits), ...(unsigned ? { noAuth: 1 } : {}) }];
  }
  table.keepOutputsInBodies(operations);
  for (const schema of Object.values(sdk)) {
    if (Array.isArray(schema) && schema[0] === -3 && schema[1] === settings.defaultNamespace) table.add(schema);
  }
  const facts = {
    name,
    serviceId: client.config.serviceId,
    signingName,
    protocol: client.config.protocol.getShapeId().split("#")[1],
    version: settings.version,
    targetPrefix: settings.serviceTarget,
    xmlNamespace: settings.xmlNamespace,
    queryNamespace: options.queryNamespace,
    awsQueryCompatible: settings.awsQueryCompatible,
  };
  return write({
    service: facts,
    operations: sorted(operations),
    otherOperations: others.sort(),
    shapes: sorted(Object.fromEntries(table.shapes)),
    enums: options.operations ? {} : sorted(enumsOf(sdk)),
  });
}

/**
 * @param {any} client
 * @param {string} operation
 * @returns {{ schemeId: string, signingProperties?: { name?: string } }[]}
 */
function findAuthSchemes(client, operation) {
  try {
    // Some providers ask the endpoint rules, whose parameters have names of their own.
    const endpoint = { Region: "us-east-1", UseDualStack: false, UseFIPS: false, UseGlobalEndpoint: false };
    return client.config.httpAuthSchemeProvider({ operation, region: "us-east-1", ...endpoint });
  } catch {
    return [];
  }
}

/**
 * The SDK exports each enum as an object of equal keys and values (keys are made identifiers).
 * @param {Record<string, any>} sdk
 */
function enumsOf(sdk) {
  /** @type {Record<string, string[]>} */
  const enums = {};
  for (const [name, value] of Object.entries(sdk)) {
    if (!value || typeof value !== "object" || Array.isArray(value) || !/^[A-Z]/.test(name)) continue;
    const values = Object.values(value);
    if (values.length > 0 && values.every((v) => typeof v === "string")) enums[name] = values;
  }
  return enums;
}

/** @template T @param {Record<string, T>} record @returns {Record<string, T>} */
function sorted(record) {
  return Object.fromEntries(
    Object.keys(record)
      .sort()
      .map((key) => [key, /** @type {T} */ (record[key])]),
  );
}

/** One line per entry, so that an upgrade of the SDK shows as a readable difference. @param {Record<string, any>} sections */
function write(sections) {
  const parts = Object.entries(sections).map(([section, content]) => {
    if (Array.isArray(content)) return `${JSON.stringify(section)}:${JSON.stringify(content)}`;
    const lines = Object.entries(content).filter(([, value]) => value !== undefined);
    return `${JSON.stringify(section)}:{\n${lines.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join(",\n")}\n}`;
  });
  return `{${parts.join(",\n")}}\n`;
}

/**
 * All tables that come from the SDK alone.
 * @returns {Promise<Map<string, string>>} file name → text
 */
export async function generateTables() {
  const files = new Map();
  /** @type {Record<string, unknown>} */
  const index = {};
  for (const [name, options] of Object.entries(SERVICES)) {
    const text = await generateTable(name, options);
    files.set(`${name}.json`, text);
    const { signingName, targetPrefix, version, protocol } = JSON.parse(text).service;
    index[name] = { signingName, targetPrefix, version, protocol };
  }
  // What the router must know of a service before it loads the service's table.
  return files.set("index.json", write({ services: index }));
}

// ---- botocore: what the SDK leaves out (length, range, pattern, number kinds), and which services there are ----

/** @param {string} directory @returns {any} the newest service-2.json of a botocore service */
function readBotocore(directory) {
  const version =
    readdirSync(directory)
      .filter((entry) => /^\d{4}-/.test(entry))
      .sort()
      .at(-1) ?? "";
  const file = readdirSync(path.join(directory, version)).find((entry) => entry.startsWith("service-2.json")) ?? "";
  const bytes = readFileSync(path.join(directory, version, file));
  return JSON.parse((file.endsWith(".gz") ? gunzipSync(bytes) : bytes).toString("utf8"));
}

/**
 * Constraints of one service: `types` says what each botocore type allows, `members` which type a structure's member
 * has (the structures are found by walking both models from each operation in step, since names may differ).
 * @param {string} tableText
 * @param {any} model
 */
function generateConstraints(tableText, model) {
  const table = JSON.parse(tableText);
  /** @type {Record<string, any>} */
  const types = {};
  /** @type {Record<string, Record<string, string>>} */
  const members = {};

  /** @param {string} name @returns {boolean} whether the type says anything */
  const addType = (name, depth = 0) => {
    if (types[name]) return Object.keys(types[name]).length > 0;
    const shape = model.shapes[name];
    /** @type {Record<string, unknown>} */
    const type = (types[name] = {});
    if (shape.type === "structure") return false;
    if (["long", "float", "double"].includes(shape.type)) type["kind"] = shape.type;
    for (const key of ["min", "max", "pattern", "enum"]) if (shape[key] !== undefined) type[key] = shape[key];
    if (depth > 8) return true;
    for (const key of ["member", "key", "value"]) {
      if (shape[key] && addType(shape[key].shape, depth + 1)) type[key] = shape[key].shape;
    }
    return Object.keys(type).length > 0;
  };

  const seen = new Set();
  /** @param {any} ref @param {string | undefined} name */
  const walk = (ref, name) => {
    const row = table.shapes[ref];
    const shape = name && model.shapes[name];
    if (!row || !shape || seen.has(ref)) return;
    seen.add(ref);
    if (row[0] === 1 && shape.member) walk(row[2], shape.member.shape);
    else if (row[0] === 2 && shape.value) walk(row[4], shape.value.shape);
    else if (shape.members) {
      for (const [member, memberRef] of row[2]) {
        const type = shape.members[member]?.shape;
        if (!type) continue;
        if (addType(type)) (members[ref] ??= {})[member] = type;
        walk(memberRef, type);
      }
    }
  };
  for (const [operation, [input, output]] of Object.entries(table.operations)) {
    walk(input, model.operations[operation]?.input?.shape);
    walk(output, model.operations[operation]?.output?.shape);
  }
  const told = Object.fromEntries(Object.entries(types).filter(([, type]) => Object.keys(type).length > 0));
  return write({ types: sorted(told), members: sorted(members) });
}

/**
 * Every AWS service there is, so that a refusal can name it: [name, signing name, target prefix, API version, protocols].
 * @param {string} data botocore/data
 */
function generateServices(data) {
  /** @type {Record<string, unknown>} */
  const services = {};
  for (const entry of readdirSync(data, { withFileTypes: true })) {
    if (!entry.isDirectory()) continue;
    try {
      const { metadata } = readBotocore(path.join(data, entry.name));
      services[entry.name] = [
        metadata.signingName ?? metadata.endpointPrefix,
        metadata.targetPrefix ?? "",
        metadata.apiVersion,
        metadata.protocol,
      ];
    } catch {
      continue; // a folder without a service model
    }
  }
  return write({ services: sorted(services) });
}

if (process.argv[1] && path.resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf("--botocore");
  const botocore = at > 0 ? path.join(process.argv[at + 1] ?? "", "botocore", "data") : undefined;
  for (const [file, text] of await generateTables()) {
    writeFileSync(path.join(API_DIR, file), text);
    if (!botocore || file === "index.json") continue;
    const name = file.replace(".json", "");
    const model = readBotocore(path.join(botocore, SERVICES[name]?.botocore ?? name));
    writeFileSync(path.join(API_DIR, `${name}.constraints.json`), generateConstraints(text, model));
  }
  if (botocore) writeFileSync(path.join(API_DIR, "services.json"), generateServices(botocore));
}
