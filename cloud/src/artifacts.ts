import { createHash } from "node:crypto";
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, extname, resolve } from "node:path";
import { parseTemplateText } from "./deploy/template-text.ts";
import { isObject } from "./deploy/template.ts";
import { archiveDirectory, createArchive } from "./functions/archive.ts";

type Json = Record<string, unknown>;

/** Where artifacts go. */
export interface ArtifactStore {
  /** Puts an object unless it is there, and tells its bucket. */
  put(key: string, body: Buffer): Promise<string>;
  readonly region: string;
  /** Functions run in the folders that they are in, instead of being uploaded. */
  readonly codeInPlace: boolean;
}

type Form = "uri" | "lambda" | "location" | "template";
type Kind = "code" | "archive" | "file" | "template";

/** The properties that may name something on this machine ("aws cloudformation package"). */
const PROPERTIES: Readonly<Record<string, readonly [property: string, form: Form, kind: Kind]>> = {
  "AWS::Serverless::Function": ["CodeUri", "location", "code"],
  "AWS::Lambda::Function": ["Code", "lambda", "code"],
  "AWS::Serverless::LayerVersion": ["ContentUri", "uri", "archive"],
  "AWS::Lambda::LayerVersion": ["Content", "lambda", "archive"],
  "AWS::Serverless::Api": ["DefinitionUri", "uri", "file"],
  "AWS::Serverless::HttpApi": ["DefinitionUri", "uri", "file"],
  "AWS::ApiGateway::RestApi": ["BodyS3Location", "location", "file"],
  "AWS::ApiGatewayV2::Api": ["BodyS3Location", "location", "file"],
  "AWS::Serverless::StateMachine": ["DefinitionUri", "uri", "file"],
  "AWS::StepFunctions::StateMachine": ["DefinitionS3Location", "location", "file"],
  "AWS::Serverless::Application": ["Location", "template", "template"],
  "AWS::CloudFormation::Stack": ["TemplateURL", "template", "template"],
};

const HOT_RELOAD_BUCKET = "hot-reload";

/**
 * Uploads what a template names on this machine, and puts the places in S3 into it, as `sam package` and
 * `aws cloudformation package` do.
 * @param directory what paths in the template are relative to
 * @returns the template's text: the given one where it names nothing local
 * @throws TypeError naming the property whose file or folder is not there
 */
export async function packageTemplate(text: string, directory: string, store: ArtifactStore): Promise<string> {
  let template: Json;
  try {
    template = parseTemplateText(text);
  } catch {
    // What is wrong with it CloudFormation tells.
    return text;
  }
  const hasResources = await packageResources(template, directory, store);
  const hasSnippets = await packageSnippets(template, directory, store);
  return hasResources || hasSnippets ? JSON.stringify(template) : text;
}

async function packageResources(template: Json, directory: string, store: ArtifactStore): Promise<boolean> {
  if (!isObject(template["Resources"])) return false;
  let changed = false;
  for (const [id, resource] of Object.entries(template["Resources"])) {
    if (!isObject(resource)) continue;
    const [property, form, kind] = PROPERTIES[String(resource["Type"])] ?? [];
    if (property === undefined) continue;
    const properties = (resource["Properties"] ?? {}) as Json;
    const given = properties[property] ?? inherited(template, resource, property);
    if (!isLocal(given)) continue;
    const path = resolve(directory, given);
    if (!existsSync(path))
      throw new TypeError(
        `Unable to upload artifact ${given} referenced by ${property} parameter of ${id} resource. ` +
          `Parameter ${property} of resource ${id} refers to a file or folder that does not exist ${path}`,
      );
    resource["Properties"] = { ...properties, [property]: await placeOf(path, form!, kind!, store) };
    changed = true;
  }
  return changed;
}

/** `Globals` may name the code of all functions. */
function inherited(template: Json, resource: Json, property: string): unknown {
  const globals = template["Globals"];
  const section = String(resource["Type"]).replace("AWS::Serverless::", "");
  const properties = isObject(globals) ? globals[section] : undefined;
  const own = resource["Properties"] as Json | undefined;
  const isCovered = own?.["InlineCode"] !== undefined || own?.["DefinitionBody"] !== undefined;
  return isObject(properties) && !isCovered ? properties[property] : undefined;
}

function isLocal(value: unknown): value is string {
  return typeof value === "string" && !/^(s3|https?):\/\//i.test(value) && !value.includes("{{resolve:");
}

async function placeOf(path: string, form: Form, kind: Kind, store: ArtifactStore): Promise<unknown> {
  if (kind === "code" && store.codeInPlace && statSync(path).isDirectory()) {
    const [Bucket, Key] = [HOT_RELOAD_BUCKET, path];
    return form === "lambda" ? { S3Bucket: Bucket, S3Key: Key } : { Bucket, Key };
  }
  const body = await bodyOf(path, kind, store);
  const hash = createHash("md5").update(body).digest("hex");
  const Key = hash + (kind === "template" ? ".template" : kind === "file" ? extname(path) : "");
  const Bucket = await store.put(Key, body);
  if (form === "uri") return `s3://${Bucket}/${Key}`;
  if (form === "template") return `https://${Bucket}.s3.${store.region}.amazonaws.com/${Key}`;
  return form === "lambda" ? { S3Bucket: Bucket, S3Key: Key } : { Bucket, Key };
}

async function bodyOf(path: string, kind: Kind, store: ArtifactStore): Promise<Buffer> {
  if (statSync(path).isDirectory()) return archiveDirectory(path);
  if (kind === "template")
    return Buffer.from(await packageTemplate(await readFile(path, "utf8"), dirname(path), store));
  const isArchive = /\.(zip|jar|war)$/i.test(path);
  return kind === "file" || isArchive ? readFile(path) : createArchive({ [basename(path)]: await readFile(path) });
}

/** `AWS::Include` of a local file, wherever it stands. */
async function packageSnippets(value: unknown, directory: string, store: ArtifactStore): Promise<boolean> {
  if (typeof value !== "object" || value === null) return false;
  let changed = false;
  for (const [name, member] of Object.entries(value)) {
    if (name === "Fn::Transform" && isObject(member) && member["Name"] === "AWS::Include")
      changed = (await packageSnippet(member, directory, store)) || changed;
    else changed = (await packageSnippets(member, directory, store)) || changed;
  }
  return changed;
}

async function packageSnippet(transform: Json, directory: string, store: ArtifactStore): Promise<boolean> {
  const parameters = transform["Parameters"];
  const location = isObject(parameters) ? parameters["Location"] : undefined;
  if (!isLocal(location)) return false;
  const path = resolve(directory, location);
  if (!existsSync(path)) throw new TypeError(`Location of AWS::Include refers to a file that does not exist ${path}`);
  (parameters as Json)["Location"] = await placeOf(path, "uri", "file", store);
  return true;
}
