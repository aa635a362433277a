import { afterAll, beforeAll, expect, test } from "vitest";
import { startCloud, type Cloud } from "../../cloud.ts";
import { isHarmless, type Harmless, type Honours, type ResourceType } from "../../deploy/resource.ts";
import { findSpecification, type PropertySpecification, type ValueType } from "../../deploy/specification.ts";

let cloud: Cloud;
let types: ResourceType[];
beforeAll(async () => {
  cloud = await startCloud({ ephemeral: true, clock: "frozen" });
  types = cloud.gate.definitions().flatMap((service) => service.resources ?? []);
});
afterAll(() => cloud.close());

test("every resource type of every service is one that AWS publishes, declared once", () => {
  const names = types.map((type) => type.type);
  expect(names.length).toBeGreaterThan(25);
  expect(names.filter((name) => !findSpecification(name))).toEqual([]);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

/** Names in a tree of honours that the specification does not know. */
function strangers(honours: Honours, properties: ReadonlyMap<string, PropertySpecification>, path: string): string[] {
  return Object.entries(honours).flatMap(([name, honoured]) => {
    const property = properties.get(name);
    if (!property) return [`${path}.${name}`];
    return inside(honoured, property.type, `${path}.${name}`);
  });
}

function inside(honoured: true | Harmless | Honours, type: ValueType, path: string): string[] {
  if (honoured === true || isHarmless(honoured)) return [];
  if (type.kind === "list" || type.kind === "map") return inside(honoured, type.element, path);
  if (type.kind === "structure") return strangers(honoured, type.properties(), path);
  if (type.kind !== "union") return [`${path} has no members`];
  const found = type.types.map((one) => inside(honoured, one, path));
  return found.find((one) => one.length === 0) ?? found.at(-1)!;
}

test("what a type honours, replaces on and keeps is in its specification", () => {
  const wrong = types.flatMap((type) => {
    const specification = findSpecification(type.type)!;
    const beyond = new Set(type.beyondSpecification ?? []);
    const named = [...(type.replaceOn ?? []), ...(type.keepOn ?? [])].map((name) => name.split(".")[0]!);
    return [
      ...strangers(type.honours, specification.properties, type.type).filter(
        (path) => !beyond.has(path.slice(type.type.length + 1)),
      ),
      ...named
        .filter((name) => !specification.properties.has(name) && !beyond.has(name))
        .map((name) => `${type.type} replaces on ${name}`),
    ];
  });
  expect(wrong).toEqual([]);
});

test("what a type's specification requires, the type honours", () => {
  const missing = types.flatMap((type) =>
    [...findSpecification(type.type)!.properties].flatMap(([name, { required }]) =>
      required && !(name in type.honours) ? [`${type.type}.${name}`] : [],
    ),
  );
  expect(missing).toEqual([]);
});
