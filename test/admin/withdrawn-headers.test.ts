// Flags from before a header was refused: what requests get of them, and what is said of them.
import { runInDurableObject } from "cloudflare:test";
import { expect, it } from "vitest";
import { ask, createFlag, ramp } from "../control-flags.ts";
import { env, newIsolate, publish } from "../isolate.ts";

it("a stored flag that sets nel is sent without it, shown as ill, and well once amended", async () => {
  await publish("/datafiles/ill-sdk?account=ill", "{}");
  const patch = { headers: { priority: "u=1" } };
  await createFlag("ill-flag", { patch, unit: "request" });
  await ramp("ill-flag", 990_000);
  const registry = env.REGISTRY.get(env.REGISTRY.idFromName("registry"));
  await runInDurableObject(registry, (_, { storage }) => {
    storage.sql.exec(
      `UPDATE rollout SET document = json_set(document, '$.patch.headers.nel', '{"max_age":9}')
        WHERE flag = 'ill-flag'`,
    );
  });

  const shown = await ask("/flags/ill-flag");
  expect(shown.body).toMatchObject({
    patch,
    ill: [{ field: "patch.headers.nel", detail: expect.stringContaining("kill") as string }],
  });
  await publish("/datafiles/ill-sdk?account=ill", "{ }");
  const isolate = newIsolate();
  const answers = await Promise.all(
    Array.from({ length: 20 }, () => isolate.fetch("/datafiles/ill-sdk.json")),
  );
  expect(answers.some(({ headers }) => headers.get("priority") === "u=1")).toBe(true);
  expect(answers.filter(({ headers }) => headers.has("nel"))).toEqual([]);

  const revision = String(shown.body["revision"]);
  const amended = await ask("/flags/ill-flag", {
    method: "PUT",
    body: JSON.stringify({ patch, unit: "request", why: undefined }),
    headers: { "if-match": `"${revision}"` },
  });
  expect(amended).toMatchObject({ status: 200, body: { after: { ill: [] } } });
});
