// Three places to run: the core under Node, shells inside workerd, and whole
// systems (real browser, real SDK, real processes) driven from Node.
import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

const root = new URL("..", import.meta.url).pathname;

export default defineConfig({
  root,
  test: {
    // Whole systems wait more than they work: more files at once than there are cores.
    maxWorkers: 3,
    projects: [
      {
        root,
        test: {
          name: "core",
          include: ["test/{base,flags,rum,stats,delivery,canary}/**/*.test.ts"],
          // Properties run thousands of cases, beside other projects on few cores.
          testTimeout: 120_000,
        },
      },
      {
        root,
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            miniflare: {
              bindings: {
                AVIARY_ADMIN_TOKEN: "test-admin-token-of-32-characters",
                AVIARY_LOCAL: "true",
              },
            },
          }),
        ],
        test: {
          name: "workerd",
          include: ["test/{adapters,objects,http,admin}/**/*.test.ts"],
          // Sinks run under Node too, where their stand-ins and independent readers do.
          exclude: ["test/adapters/{sinks,notices}/**"],
          testTimeout: 60_000,
        },
      },
      {
        root,
        test: {
          name: "system",
          include: [
            "test/{browsers,cli,e2e,repository,adapters/sinks,adapters/notices}/**/*.test.ts",
          ],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Three browsers and their drivers on few cores: once more, and the report says so.
          retry: 1,
        },
      },
    ],
  },
});
