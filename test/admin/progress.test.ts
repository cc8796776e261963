// Publishing with progress: the same answer, with what was begun before it.
import { beforeAll, describe, expect, it } from "vitest";
import { control, publish } from "../isolate.ts";

type Line = Record<string, unknown>;

const accept = { accept: "application/x-ndjson, application/json" };

async function lines(path: string, body: string, headers: HeadersInit = accept) {
  const response = await control(path, { method: "PUT", body, headers });
  const text = new TextDecoder().decode(await response.arrayBuffer());
  const media = response.headers.get("content-type");
  return {
    response,
    media,
    lines: text
      .trim()
      .split("\n")
      .map((each) => JSON.parse(each) as Line),
  };
}

beforeAll(async () => {
  await publish("/engines/1.0.0", "self.engineRan = 1;");
});

describe("a publish whose client accepts lines", () => {
  it("tells of an engine what it begins, and then the answer", async () => {
    const { media, lines: told } = await lines("/engines/2.0.0", "self.engineRan = 2;");
    expect(media).toBe("application/x-ndjson");
    expect(told).toEqual([
      { step: "checking" },
      { step: "storing" },
      {
        status: 201,
        headers: { "content-type": "application/json" },
        body: expect.objectContaining({ version: "2.0.0", changed: true }),
      },
    ]);
  });

  it.each([
    ["snippet", "/snippets/told?account=acme&engine=1.0.0"],
    ["datafile", "/datafiles/told?account=acme"],
  ])("tells of a %s each coding as it is made", async (_, path) => {
    const { lines: told } = await lines(path, '{"n":1}');
    expect(told.slice(0, -1)).toEqual([
      { step: "compressing", coding: "br" },
      { step: "compressing", coding: "zstd" },
      { step: "compressing", coding: "gzip" },
      { step: "storing" },
    ]);
    expect(told.at(-1)).toMatchObject({
      status: 201,
      headers: { etag: '"1"' },
      body: { revision: 1 },
    });
  });

  it("says in the last line what was refused after it had begun", async () => {
    const { response, lines: told } = await lines("/engines/3.0.0", "let a b;");
    expect(response.status).toBe(200);
    expect(told.at(-1)).toMatchObject({
      status: 422,
      headers: { "content-type": "application/problem+json" },
      body: { type: "urn:aviary:problem:not-javascript" },
    });
  });

  it.each([
    ["refused before anything began", { path: "/snippets/BAD!?account=acme", status: 400 }],
    ["unchanged, so that nothing is made", { path: "/snippets/told?account=acme", status: 200 }],
    [
      "for a client that accepts no lines",
      { path: "/datafiles/plain?account=acme", headers: {}, status: 201 },
    ],
  ])("is answered as ever where it is %s", async (_, { path, status, ...given }) => {
    const headers = "headers" in given ? given.headers : accept;
    const { response, media, lines: told } = await lines(path, '{"n":1}', headers);
    expect(response.status).toBe(status);
    expect(media).toMatch(/^application\/(problem\+)?json/);
    expect(told).toHaveLength(1);
  });
});
