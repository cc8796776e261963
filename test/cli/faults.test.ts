import { once, EventEmitter } from "node:events";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { control, startAviary, type Started } from "../harness.ts";
import { startProxy, type Fate, type Proxy } from "./proxy.ts";
import { workplace, type Workplace } from "./run-aviary.ts";

let worker: Started;
let place: Workplace;
let proxy: Proxy | undefined;

beforeAll(async () => {
  worker = await startAviary();
  place = await workplace(worker.url);
  await control(worker, "/engines/1.0.0", { method: "PUT", body: "globalThis.engine = 1;" });
});

afterEach(async () => {
  await proxy?.stop();
  proxy = undefined;
});

afterAll(async () => {
  await place.remove();
  await worker.stop();
});

/** The environment of a command behind a proxy that does `fate` to its requests. */
async function behind(fate: Fate): Promise<{ AVIARY_URL: string }> {
  proxy = await startProxy(worker.url, fate);
  return { AVIARY_URL: proxy.url };
}

const publish = (id: string): readonly string[] => [
  "snippet",
  "publish",
  id,
  "--account",
  "acme",
  "--payload",
  "-",
];
const uploads = (): Proxy["seen"] =>
  (proxy?.seen ?? []).filter(({ method, body }) => method === "PUT" && body.byteLength > 0);

async function revisions(id: string): Promise<number> {
  const { document } = await place.json(["snippet", "history", id]);
  return (document["snippets"] as unknown[]).length;
}

describe("a refusal that may pass", () => {
  it("is told as one sentence with when the next attempt is", async () => {
    const env = await behind((_request, { deliver, refuse }) => {
      if ((proxy?.seen.length ?? 0) > 1) return deliver();
      const problem = { title: "Busy", status: 503, detail: "Ask again.", type: "about:blank" };
      const headers = { "content-type": "application/problem+json", "retry-after": "0" };
      return refuse(503, headers, JSON.stringify(problem));
    });
    const done = await place.aviary(["snippet", "list", "--account", "acme"], { env });
    expect(done.code).toBe(0);
    expect(done.stderr).toContain("Busy: Ask again; trying again in 0.0 s");
  });
});

describe("a publish", () => {
  it("whose answer was lost is repeated, and has happened once", async () => {
    const env = await behind((_request, { deliver, lose }) =>
      uploads().length === 1 ? lose() : deliver(),
    );
    const done = await place.json(publish("lost"), { env, stdin: "{}" });
    expect(done).toMatchObject({ code: 0, document: { revision: 1, changed: true } });
    expect(done.stderr).toContain("trying again");
    expect(uploads()).toHaveLength(2);
    expect(await revisions("lost")).toBe(1);
  });

  it("is repeated when a 503 says when", async () => {
    const env = await behind((_request, { deliver, refuse }) =>
      uploads().length === 1 ? refuse(503, { "retry-after": "0" }) : deliver(),
    );
    const done = await place.json(publish("busy"), { env, stdin: "{}" });
    expect(done).toMatchObject({ code: 0, document: { revision: 1 } });
    expect(done.stderr).toContain("trying again in 0.0 s");
  });

  it("gives up after the retries it may make", async () => {
    const env = await behind((_request, { refuse }) => refuse(502, {}));
    const done = await place.json([...publish("down"), "--retries", "1"], { env, stdin: "{}" });
    expect(done).toMatchObject({ code: 5, document: { error: { kind: "unavailable" } } });
    expect(proxy?.seen).toHaveLength(2);
  });

  it("that another one overtakes is a conflict, and the other one stays", async () => {
    const other = { method: "PUT", body: '{"by":"another"}' };
    const env = await behind(async ({ method }, { deliver }) => {
      if (method === "PUT") await control(worker, "/snippets/raced?account=acme", other);
      await deliver();
    });
    const done = await place.json(publish("raced"), { env, stdin: '{"by":"me"}' });
    expect(done).toMatchObject({ code: 4, document: { error: { problem: { current: 1 } } } });
    expect(await revisions("raced")).toBe(1);
  });

  it("that is refused before all of it was read shows the refusal, though its answer is lost", async () => {
    const body = JSON.stringify({ name: "reader", scopes: ["read"] });
    const made = await control(worker, "/tokens", { method: "POST", body });
    const { token } = await made.json<{ token: string }>();
    const env = await behind(({ body: { byteLength } }, { deliver, lose }) =>
      byteLength > 0 ? lose() : deliver(),
    );
    const options = { env: { ...env, AVIARY_TOKEN: token }, stdin: "{}" };
    const done = await place.json(publish("early"), options);
    expect(done).toMatchObject({ code: 3, document: { error: { problem: { status: 403 } } } });
    expect(uploads()).toHaveLength(1);
  });

  it("says what it sends and against which revision", async () => {
    const env = await behind((_request, { deliver }) => deliver());
    await place.json(publish("stated"), { env, stdin: "[1]" });
    await place.json(publish("stated"), { env, stdin: "[2]" });
    const [first, second] = uploads().map(({ headers }) => headers);
    expect(first).toMatchObject({
      "if-none-match": "*",
      "content-length": "3",
      // printf '[1]' | openssl dgst -sha256 -binary | base64
      "content-digest": "sha-256=:CAqe1ChVnvYCZotMAPEU8aEcP2sCpDXwvcFUV45NfyI=:",
    });
    expect(first?.["if-match"]).toBeUndefined();
    expect(second).toMatchObject({ "if-match": '"1"' });
    expect(second?.["if-none-match"]).toBeUndefined();
  });

  it("that is stopped changes nothing and ends with 130", async () => {
    const reached = new EventEmitter();
    const env = await behind(({ method }, { deliver }) =>
      method === "PUT" ? void reached.emit("upload") : deliver(),
    );
    const started = (kill: (signal: NodeJS.Signals) => void): void => {
      void once(reached, "upload").then(() => kill("SIGINT"));
    };
    const done = await place.json(publish("stopped"), { env, stdin: "{}", started });
    expect(done).toMatchObject({ code: 130, document: { error: { kind: "interrupted" } } });
    expect((await control(worker, "/snippets/stopped")).status).toBe(404);
  });
});

describe("a token", () => {
  it("whose answer was lost is not made twice", async () => {
    const env = await behind(({ method }, { deliver, lose }) =>
      method === "POST" ? lose() : deliver(),
    );
    const done = await place.json(["token", "create", "once", "--scope", "read"], { env });
    expect(done).toMatchObject({ code: 5 });
    const { document } = await place.json(["token", "list"]);
    const named = (document["tokens"] as { name: string }[]).filter(({ name }) => name === "once");
    expect(named).toHaveLength(1);
  });
});

describe("an answer", () => {
  it("that is not Aviary's is said to be none", async () => {
    const env = await behind((_request, { refuse }) =>
      refuse(301, { location: "https://a.example/" }),
    );
    const done = await place.aviary(["engine", "list"], { env });
    expect(done.code).toBe(1);
    expect(done.stderr).toContain("sends elsewhere: https://a.example/");
  });

  it("that never comes, since nothing listens, ends with 5 and says where", async () => {
    const env = await behind((_request, { deliver }) => deliver());
    await proxy?.stop();
    const done = await place.aviary(["engine", "list", "--retries", "0"], { env });
    expect(done).toMatchObject({ code: 5, stdout: "" });
    expect(done.stderr).toContain(`nothing answers at ${env.AVIARY_URL} (ECONNREFUSED)`);
  });
});
