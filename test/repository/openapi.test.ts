import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentPath, openapiText } from "../../worker/build/openapi.ts";
import { endpoints } from "#src/admin/endpoints.ts";

const app = join(import.meta.dirname, "..", "..", "worker", "src", "admin", "app.ts");

describe("the OpenAPI document", () => {
  it("is what the schemas say today; npm run openapi writes it anew", async () => {
    expect(await readFile(documentPath, "utf8")).toBe(openapiText());
  });

  it("has every route of the app, and no other", async () => {
    const source = await readFile(app, "utf8");
    const routed = [...source.matchAll(/app\.(get|put|post|delete)\("([^"]+)"/g)].map(
      ([, method, path]) => `${method} ${path?.replaceAll(/:(\w+)/g, "{$1}")}`,
    );
    const described = endpoints.map(({ method, path }) => `${method} ${path}`);
    expect(new Set(described)).toEqual(new Set(routed));
  });
});
