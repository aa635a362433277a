/** What AWS checks of a table's and its indexes' definition, in its order and words. */
import type {
  AttributeDefinition,
  BillingMode,
  GlobalSecondaryIndex,
  KeySchemaElement,
  LocalSecondaryIndex,
  Projection,
  ProvisionedThroughput,
  StreamSpecification,
} from "@aws-sdk/client-dynamodb";
import { invalid, invalidParameter } from "./errors.ts";

const UNITS_MAX = 1_000_000_000_000;
const LOCALS_MAX = 5;
const GLOBALS_MAX = 20;
/** Attributes of a global index's key that it is spread by, and as many that it is sorted by. */
const KEY_ATTRIBUTES_MAX = 4;

export interface TableSchema {
  readonly AttributeDefinitions?: AttributeDefinition[] | undefined;
  readonly KeySchema?: KeySchemaElement[] | undefined;
  readonly LocalSecondaryIndexes?: LocalSecondaryIndex[] | undefined;
  readonly GlobalSecondaryIndexes?: GlobalSecondaryIndex[] | undefined;
  readonly BillingMode?: BillingMode | undefined;
  readonly ProvisionedThroughput?: ProvisionedThroughput | undefined;
  readonly StreamSpecification?: StreamSpecification | undefined;
}

/** @throws ValidationException */
export function checkTableSchema(input: TableSchema): void {
  const { AttributeDefinitions = [], KeySchema = [], LocalSecondaryIndexes, GlobalSecondaryIndexes } = input;
  if (KeySchema.length > 2)
    throw invalid(
      `1 validation error detected: Value '[${KeySchema.map(elementText).join(", ")}]' at 'keySchema' failed to satisfy ` +
        "constraint: Member must have length less than or equal to 2",
    );
  checkBilling(input);
  const defined = AttributeDefinitions.map(({ AttributeName }) => AttributeName!);
  if (KeySchema.length > defined.length)
    throw invalid("Invalid KeySchema: Some index key attribute have no definition");
  checkKeys(KeySchema, defined);
  if (!LocalSecondaryIndexes && !GlobalSecondaryIndexes && KeySchema.length !== defined.length)
    throw invalidParameter(
      "Number of attributes in KeySchema does not exactly match number of attributes defined in AttributeDefinitions",
    );
  const names = new Set<string>();
  if (LocalSecondaryIndexes) checkLocals(LocalSecondaryIndexes, KeySchema, defined, names);
  if (GlobalSecondaryIndexes) checkGlobals(GlobalSecondaryIndexes, input.BillingMode, defined, names);
  checkUsed(defined, [KeySchema, ...[...(LocalSecondaryIndexes ?? []), ...(GlobalSecondaryIndexes ?? [])].map(keysOf)]);
  if (input.StreamSpecification) checkStream(input.StreamSpecification);
}

/** @throws ValidationException for a throughput out of bounds */
export function checkUnits({ ReadCapacityUnits: read, WriteCapacityUnits: write }: ProvisionedThroughput): void {
  if (read! > UNITS_MAX) throw invalid(`Given value ${read} for ReadCapacityUnits is out of bounds`);
  if (write! > UNITS_MAX) throw invalid(`Given value ${write} for WriteCapacityUnits is out of bounds`);
}

/** Checks one global index. @throws ValidationException */
export function checkGlobal(
  index: GlobalSecondaryIndex,
  billing: BillingMode | undefined,
  defined: readonly string[],
): void {
  const { IndexName: name, KeySchema = [], ProvisionedThroughput: throughput } = index;
  checkKeys(KeySchema, defined);
  for (const type of ["HASH", "RANGE"])
    if (KeySchema.filter(({ KeyType }) => KeyType === type).length > KEY_ATTRIBUTES_MAX)
      throw invalidParameter(
        `Number of ${type} key attributes of index ${name} exceeds the limit of ${KEY_ATTRIBUTES_MAX}`,
      );
  checkProjection(index.Projection);
  if (billing === "PAY_PER_REQUEST" && throughput)
    throw invalidParameter(
      `ProvisionedThroughput should not be specified for index: ${name} when BillingMode is PAY_PER_REQUEST`,
    );
  if (billing !== "PAY_PER_REQUEST" && !throughput)
    throw invalidParameter(`ReadCapacityUnits and WriteCapacityUnits must both be specified for index: ${name}`);
  if (throughput) checkUnits(throughput);
}

export function checkGlobalCount(count: number): void {
  if (count > GLOBALS_MAX)
    throw invalidParameter(`GlobalSecondaryIndex count exceeds the per-table limit of ${GLOBALS_MAX}`);
}

/** @throws ValidationException where on and off contradict the view type */
export function checkStream({ StreamEnabled, StreamViewType }: StreamSpecification): void {
  if (StreamEnabled && StreamViewType === undefined)
    throw invalidParameter("StreamSpecification: StreamViewType is required when StreamEnabled is true");
  if (!StreamEnabled && StreamViewType !== undefined)
    throw invalidParameter("StreamSpecification: StreamViewType cannot be specified when StreamEnabled is false");
}

function checkBilling({ BillingMode: billing, ProvisionedThroughput: throughput }: TableSchema): void {
  if (billing === "PAY_PER_REQUEST") {
    if (throughput)
      throw invalidParameter(
        "Neither ReadCapacityUnits nor WriteCapacityUnits can be specified when BillingMode is PAY_PER_REQUEST",
      );
    return;
  }
  if (!throughput?.ReadCapacityUnits || !throughput.WriteCapacityUnits)
    throw invalidParameter(
      "ReadCapacityUnits and WriteCapacityUnits must both be specified when BillingMode is PROVISIONED",
    );
  checkUnits(throughput);
}

function checkKeys(keys: readonly KeySchemaElement[], defined: readonly string[]): void {
  const names = keys.map(({ AttributeName }) => AttributeName!);
  if (names.some((name) => !defined.includes(name)))
    throw invalidParameter(
      "Some index key attributes are not defined in AttributeDefinitions. " +
        `Keys: [${names.join(", ")}], AttributeDefinitions: [${defined.join(", ")}]`,
    );
  if (new Set(names).size < names.length)
    throw invalid("Both the Hash Key and the Range Key element in the KeySchema have the same name");
  if (keys[0]?.KeyType !== "HASH")
    throw invalid("Invalid KeySchema: The first KeySchemaElement is not a HASH key type");
  const firstRange = keys.findIndex(({ KeyType }) => KeyType === "RANGE");
  const hashBehind = firstRange > 0 && keys.slice(firstRange).some(({ KeyType }) => KeyType === "HASH");
  if (hashBehind) throw invalid("Invalid KeySchema: A HASH KeySchemaElement follows a RANGE KeySchemaElement");
}

function checkLocals(
  locals: readonly LocalSecondaryIndex[],
  tableKeys: readonly KeySchemaElement[],
  defined: readonly string[],
  names: Set<string>,
): void {
  if (locals.length === 0) throw invalidParameter("List of LocalSecondaryIndexes is empty");
  if (tableKeys.length !== 2)
    throw invalidParameter(
      "Table KeySchema does not have a range key, which is required when specifying a LocalSecondaryIndex",
    );
  const tableHash = tableKeys[0]!.AttributeName;
  for (const { IndexName: name, KeySchema: keys = [], Projection } of locals) {
    checkKeys(keys, defined);
    if (keys.length !== 2 || keys[1]!.KeyType !== "RANGE")
      throw invalidParameter(`Index KeySchema does not have a range key for index: ${name}`);
    if (keys[0]!.AttributeName !== tableHash)
      throw invalidParameter(
        `Index KeySchema does not have the same leading hash key as table KeySchema for index: ${name}. ` +
          `index hash key: ${keys[0]!.AttributeName}, table hash key: ${tableHash}`,
      );
    checkProjection(Projection);
    checkNewName(name!, names);
  }
  if (locals.length > LOCALS_MAX)
    throw invalidParameter(`Number of LocalSecondaryIndexes exceeds per-table limit of ${LOCALS_MAX}`);
}

function checkGlobals(
  globals: readonly GlobalSecondaryIndex[],
  billing: BillingMode | undefined,
  defined: readonly string[],
  names: Set<string>,
): void {
  if (globals.length === 0) throw invalidParameter("List of GlobalSecondaryIndexes is empty");
  for (const index of globals) {
    checkGlobal(index, billing, defined);
    checkNewName(index.IndexName!, names);
  }
  checkGlobalCount(globals.length);
}

function checkProjection({ ProjectionType, NonKeyAttributes }: Projection = {}): void {
  if (ProjectionType === undefined) throw invalidParameter("Unknown ProjectionType: null");
  if (NonKeyAttributes && ProjectionType !== "INCLUDE")
    throw invalidParameter(`ProjectionType is ${ProjectionType}, but NonKeyAttributes is specified`);
  if (!NonKeyAttributes && ProjectionType === "INCLUDE")
    throw invalidParameter("ProjectionType is INCLUDE, but NonKeyAttributes is not specified");
}

function checkNewName(name: string, names: Set<string>): void {
  if (names.has(name)) throw invalidParameter(`Duplicate index name: ${name}`);
  names.add(name);
}

function checkUsed(defined: readonly string[], schemas: readonly (readonly KeySchemaElement[])[]): void {
  const used = [...new Set(schemas.flatMap((keys) => keys.map(({ AttributeName }) => AttributeName!)))];
  if (defined.some((name) => !used.includes(name)))
    throw invalidParameter(
      `Some AttributeDefinitions are not used. AttributeDefinitions: [${defined.join(", ")}], keys used: [${used.join(", ")}]`,
    );
}

function keysOf({ KeySchema }: { KeySchema?: KeySchemaElement[] | undefined }): KeySchemaElement[] {
  return KeySchema ?? [];
}

function elementText({ AttributeName, KeyType }: KeySchemaElement): string {
  return `KeySchemaElement(attributeName=${AttributeName}, keyType=${KeyType})`;
}
