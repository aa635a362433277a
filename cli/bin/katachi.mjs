#!/usr/bin/env node
import { existsSync } from "node:fs";

const built = new URL("../dist/main.js", import.meta.url);
if (!existsSync(built)) {
  // In a checkout that was installed but never built.
  const { build } = await import(new URL("../../scripts/build.mjs", import.meta.url).href);
  await build();
}
await import(built.href);
