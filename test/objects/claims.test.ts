// Who gets an id, with the real objects: publishes at once, answers that are lost, and
// publishes that come to nothing.
import { beforeAll, describe, expect, it, vi } from "vitest";
import type { ProjectRpc, PublishSnippet } from "#src/adapters/projects.ts";
import { adminToken, control, env, newIsolate, publish } from "../isolate.ts";

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

const put = async (path: string, body: string): Promise<number> =>
  (await control(path, { method: "PUT", body })).status;

const ascending = (statuses: readonly number[]): number[] => statuses.toSorted((a, b) => a - b);

describe("an id that two publish first at once", () => {
  it("stays its account's although one of the two is refused", async () => {
    for (let round = 0; round < 3; round += 1) {
      const path = `/snippets/twice${round}?account=`;
      const own = [1, 2].map((n) => put(`${path}owner`, `{"n":${n}}`));
      expect(ascending(await Promise.all(own))).toEqual([201, 412]);
      expect(await put(`${path}thief`, '{"n":"stolen"}')).toBe(409);
    }
  });

  it("belongs to one account alone, the one whose publish was taken", async () => {
    const accounts = ["a", "b", "c", "d"];
    for (let round = 0; round < 3; round += 1) {
      const id = `contested${round}`;
      const publishes = accounts.map((each) =>
        put(`/datafiles/${id}?account=${each}`, `"${each}"`),
      );
      const statuses = await Promise.all(publishes);
      expect(ascending(statuses)).toEqual([201, 409, 409, 409]);
      const winner = accounts[statuses.indexOf(201)] ?? "";
      const shown = await (await control(`/datafiles/${id}`)).json<{ account: string }>();
      expect(shown.account).toBe(winner);
      expect(await (await newIsolate().fetch(`/datafiles/${id}.json`)).text()).toBe(`"${winner}"`);
    }
  });
});

describe("a first publish whose answer is lost", () => {
  it("has given the id to its account all the same", async () => {
    vi.spyOn(console, "error").mockImplementation(() => {});
    const isolate = newIsolate();
    const { projects } = isolate.services;
    const losing = newIsolate(
      {},
      {
        projects: (account) => {
          const project = projects(account);
          const publishSnippet = async (request: PublishSnippet): Promise<never> => {
            await project.publishSnippet(request);
            throw new Error("the connection was lost");
          };
          return {
            current: (kind, id) => project.current(kind, id),
            publishSnippet,
          } as Partial<ProjectRpc> as ProjectRpc;
        },
      },
    );
    const headers = { authorization: `Bearer ${adminToken}` };
    const init = { method: "PUT", body: '{"n":1}', headers };
    const lost = await losing.fetch("/api/v1/snippets/lost-answer?account=owner", init);
    expect(lost.status).toBe(500);
    expect(await put("/snippets/lost-answer?account=thief", "{}")).toBe(409);
    expect(await put("/snippets/lost-answer?account=owner", '{"n":1}')).toBe(200);
  });
});

describe("a first publish that comes to nothing", () => {
  it("leaves the id to whoever comes next", async () => {
    await publish("/engines/lost", "self.lost = 1;");
    const { sha256 } = await (await control("/engines/lost")).json<{ sha256: string }>();
    await env.STORE.delete(`artifact:${sha256}`);
    await env.ARCHIVE.delete(`artifact/${sha256}`);
    expect(await put("/snippets/came-to-nothing?account=first&engine=lost", "{}")).toBe(503);
    expect((await control("/snippets/came-to-nothing")).status).toBe(404);
    expect(await put("/snippets/came-to-nothing?account=next&engine=1.0.0", "{}")).toBe(201);
  });
});
