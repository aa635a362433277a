import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { conditions: ["katachi-source"] },
  ssr: { resolve: { conditions: ["katachi-source"] } },
  test: {
    include: ["**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**", "**/cdk.out/**"],
    pool: "forks",
    testTimeout: 20_000,
    hookTimeout: 30_000,
    env: { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: "true" },
  },
});
