import { describe, expect, it } from "vitest";
import {
  absentSinkOf,
  sinksFrom,
  sinksOf,
  type ConfiguredSink,
} from "#src/adapters/sinks/configure.ts";

const key = `whsec_${Buffer.from("k".repeat(24)).toString("base64")}`;
const secrets: Readonly<Record<string, string>> = {
  HONEYCOMB_KEY: "hcaik_1",
  CLICKHOUSE_PASSWORD: "pa55word",
  HOOK_SECRET: key,
  OTLP_KEY: "otlp-1",
  AVIARY_ADMIN_TOKEN: "the-admin-token",
};

const unused = (): never => {
  throw new Error("not meant to be used");
};

function configured(settings: unknown): {
  readonly sinks: readonly ConfiguredSink[];
  readonly reports: readonly string[];
} {
  const reports: string[] = [];
  const sinks = sinksFrom(typeof settings === "string" ? settings : JSON.stringify(settings), {
    fetch,
    now: Date.now,
    secret: (name) => secrets[name],
    bucket: { put: unused, get: unused, list: unused, delete: unused },
    print: () => {},
    report: (event, facts) => reports.push(JSON.stringify({ event, ...facts })),
  });
  return { sinks, reports };
}

const good = [
  { name: "stdout", kind: "stdout" },
  { name: "honeycomb", kind: "honeycomb", dataset: "views", apiKeySecret: "HONEYCOMB_KEY" },
  {
    name: "traces",
    kind: "otlp",
    url: "https://otlp.example:4318/",
    headerSecrets: { "x-key": "OTLP_KEY" },
  },
  { name: "archive", kind: "parquet" },
  {
    name: "warehouse",
    kind: "clickhouse",
    url: "http://localhost:8123",
    passwordSecret: "CLICKHOUSE_PASSWORD",
  },
  { name: "hook", kind: "webhook", url: "https://hook.example/in", signingSecret: "HOOK_SECRET" },
];

describe("sinksFrom", () => {
  it.each([undefined, "", "  "])("makes none of %j", (settings) => {
    expect(sinksFrom(settings, undefined as never)).toEqual([]);
  });

  it("makes a sink of every kind, under its name, and says where its events go", () => {
    const { sinks, reports } = configured(good);
    expect(
      sinks.map((each) => [
        each.name,
        each.kind,
        each.state === "ready" ? [each.sink.name, each.target] : each.problems,
      ]),
    ).toEqual([
      ["stdout", "stdout", ["stdout", "the log"]],
      ["honeycomb", "honeycomb", ["honeycomb", "views at api.honeycomb.io"]],
      ["traces", "otlp", ["traces", "otlp.example:4318"]],
      ["archive", "parquet", ["archive", "events/ in the archive bucket"]],
      ["warehouse", "clickhouse", ["warehouse", "default.events at localhost:8123"]],
      ["hook", "webhook", ["hook", "hook.example"]],
    ]);
    expect(reports).toEqual([]);
  });

  it.each([
    [{ name: "a", kind: "kafka" }, "kind: must be stdout, honeycomb"],
    [{ ...good[1], dataset: "" }, "dataset: must not be empty"],
    [{ ...good[1], datset: "x" }, "datset: "],
    [{ ...good[1], apiKeySecret: "MISSING_KEY" }, "apiKeySecret: names a secret that is not there"],
    [{ ...good[1], apiKeySecret: "hcaik_pasted" }, "apiKeySecret: must be the name of a secret"],
    [{ ...good[1], apiKeySecret: "AVIARY_ADMIN_TOKEN" }, "apiKeySecret: must be the name of a sec"],
    [{ ...good[2], url: "http://otlp.example" }, "url: must be an https URL"],
    [{ ...good[2], url: "https://me:pw@otlp.example" }, "url: must be an https URL"],
    [{ ...good[2], headerSecrets: { "x-key": "NOPE" } }, "headerSecrets.x-key: names a secret"],
    [{ ...good[3], prefix: "/events/" }, "prefix: must be a path"],
    [{ ...good[4], table: "events; DROP" }, "table: must be of letters"],
    [{ ...good[5], signingSecret: "HONEYCOMB_KEY" }, "signingSecret: names a secret that is not w"],
    [{ ...good[0], name: "Std Out" }, "name: must be of a-z"],
    [7, ": "],
  ])("names the field of %j, and keeps the other sinks", (entry, problem) => {
    const { sinks, reports } = configured([{ name: "first", kind: "stdout" }, entry]);
    expect(sinks.map(({ state }) => state)).toEqual(["ready", "unusable"]);
    expect(reports).toHaveLength(1);
    expect(reports[0]).toContain(problem);
    expect(reports[0]).not.toContain("pasted");
  });

  it.each(["first", "evidence"])("gives no name away twice, nor the judge's: %s", (name) => {
    const { sinks } = configured([
      { name: "first", kind: "stdout" },
      { name, kind: "stdout" },
    ]);
    expect(sinks[1]).toMatchObject({ state: "unusable", problems: [`name: ${name} is taken`] });
  });

  it.each(["{", "{}", "null", '"x"'])("says of %s that it is no list", (settings) => {
    const { sinks } = configured(settings);
    expect(sinks).toMatchObject([{ name: "SINKS", problems: ["SINKS is no list in JSON"] }]);
  });
});

describe("sinksOf", () => {
  it("lets events wait for sinks whose settings are wrong, each under its own name", async () => {
    const { sinks } = configured([
      { name: "lake", kind: "kafka" },
      { name: "first", kind: "stdout" },
      { name: "first", kind: "kafka" },
      { name: "Bad Name", kind: "stdout" },
      { name: "evidence", kind: "kafka" },
    ]);
    const [lake, ...others] = sinksOf(sinks);
    expect([lake, ...others].map((sink) => sink?.name)).toEqual(["lake", "first"]);
    expect(await lake?.send({ shard: "s", events: [] })).toMatchObject({ outcome: "failed" });
  });

  it("takes no sink for gone while the list of them cannot be read", () => {
    expect(absentSinkOf(configured("[{]").sinks, "lake")?.name).toBe("lake");
    expect(absentSinkOf(configured(good).sinks, "lake")).toBeUndefined();
    expect(absentSinkOf(configured("").sinks, "lake")).toBeUndefined();
  });
});
