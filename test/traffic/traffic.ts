// npm run traffic: synthetic visitors load the snippet and send beacons over HTTP, as pages do; then the
// pipeline's counters are held against what was answered.
import { join } from "node:path";
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import type { PipelineView } from "#src/admin/pipeline-contract.ts";
import { ensureAdminToken } from "../demo/dev-vars.ts";
import { encodeBeacon } from "#rum/wire.ts";
import { visitorsOf, type Sending, type View } from "./visitors.ts";

const usage = `npm run traffic -- [--views 1000] [--seconds 20] [--snippet demo] [--url http://localhost:8787] [--seed N] [--json]

Page views of synthetic visitors, spread over so many seconds, against an Aviary that is up
(npm start). Each loads the snippet as an address of its own and sends the arms that it got. A mix of browsers and dwell times; 4 % of pages crash, 3 % of beacons are lost,
5 % come twice, 2 % of views send their late beacon first. Waits until every view is sealed
and sent, and says whether everything is accounted for. AVIARY_TOKEN, or the token in
.dev.vars, reads the counters.`;

const { values } = parseArgs({
  options: {
    views: { type: "string", default: "1000" },
    seconds: { type: "string", default: "20" },
    snippet: { type: "string", default: "demo" },
    url: { type: "string", default: process.env["AVIARY_URL"] ?? "http://localhost:8787" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

const giveUpAfterMs = 90_000;
const root = join(import.meta.dirname, "..", "..");

async function traffic(): Promise<void> {
  const token = process.env["AVIARY_TOKEN"] ?? (await ensureAdminToken(join(root, ".dev.vars")));
  const views = Number(values.views);
  const sendings = visitorsOf(views, {
    spreadMs: Number(values.seconds) * 1_000,
    seed: Number(values.seed),
  });
  const before = await pipelineOf(token);
  const statuses = await sendAll(sendings);
  const after = await drained(token);
  const grown = (field: "taken" | "duplicate" | "sealed" | "shed"): number =>
    after[field] - before[field];
  const summary = {
    views,
    sent: sendings.length,
    answered: Object.fromEntries(statuses),
    taken: grown("taken"),
    duplicate: grown("duplicate"),
    sealed: grown("sealed"),
    shed: grown("shed"),
    open: after.open,
    events: eventsBetween(before, after),
    sinks: after.sinks.map(({ name, events, exported, waiting, parked }) => {
      return { name, events, exported, waiting, parked };
    }),
    faults: faultsOf(after, { accepted: statuses.get("204") ?? 0, taken: grown("taken") }),
  };
  if (values.json) console.log(JSON.stringify(summary));
  else console.log(textOf(summary));
  process.exitCode = summary.faults.length === 0 ? 0 : 1;
}

/** Sends each when it is due; how often each status came, or `none` where no answer did. */
async function sendAll(sendings: readonly Sending[]): Promise<ReadonlyMap<string, number>> {
  const statuses = new Map<string, number>();
  const format = "{bar} {value}/{total} beacons";
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  bar.start(sendings.length, 0);
  const startedMs = performance.now();
  const until = (atMs: number): Promise<void> => {
    const waitMs = atMs - (performance.now() - startedMs);
    return new Promise((resolve) => setTimeout(resolve, Math.max(0, waitMs)));
  };
  const loads = new Map<View, Promise<string | undefined>>();
  const load = async (view: View): Promise<string | undefined> => {
    await until(view.startMs);
    return loadSnippet(view);
  };
  const pending = sendings.map(async ({ atMs, view, said }) => {
    const loading = loads.get(view) ?? load(view);
    loads.set(view, loading);
    const [token] = await Promise.all([loading, until(atMs)]);
    const told = token === undefined ? said : { ...said, "beacon.token": token };
    const status = await send(view, encodeBeacon(told));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    bar.increment();
  });
  await Promise.all(pending);
  bar.stop();
  return statuses;
}

/** The token of the arms that the visitor got; undefined where there is none. */
async function loadSnippet({ address, userAgent }: View): Promise<string | undefined> {
  try {
    const headers = { "cf-connecting-ip": address, "user-agent": userAgent };
    const response = await fetch(`${values.url}/js/${values.snippet}.js`, { headers });
    await response.arrayBuffer();
    return /av;desc="([^"]+)"/.exec(response.headers.get("server-timing") ?? "")?.[1];
  } catch {
    return undefined;
  }
}

async function send({ address, userAgent }: View, body: string): Promise<string> {
  try {
    const sender = { "cf-connecting-ip": address, "user-agent": userAgent };
    const headers = { "content-type": "text/plain;charset=UTF-8", ...sender };
    const init = { method: "POST", headers, body };
    const response = await fetch(`${values.url}/t/${values.snippet}`, init);
    await response.arrayBuffer();
    return String(response.status);
  } catch {
    return "none";
  }
}

async function pipelineOf(token: string): Promise<PipelineView> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${values.url}/api/v1/pipeline`, { headers });
  if (!response.ok) throw new Error(`${values.url}/api/v1/pipeline answers ${response.status}`);
  return JSON.parse(await response.text()) as PipelineView;
}

/** The counters once nothing is open and nothing waits, or after a minute and a half. */
async function drained(token: string): Promise<PipelineView> {
  const untilMs = Date.now() + giveUpAfterMs;
  for (;;) {
    const seen = await pipelineOf(token);
    const isDone = seen.openViews === 0 && seen.sinks.every(({ waiting }) => waiting === 0);
    if (isDone || Date.now() > untilMs) return seen;
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}

function eventsBetween(before: PipelineView, after: PipelineView): Record<string, number> {
  const kinds = ["both", "earlyOnly", "lateOnly", "update"] as const;
  return Object.fromEntries(kinds.map((kind) => [kind, after.events[kind] - before.events[kind]]));
}

function faultsOf(
  after: PipelineView,
  { accepted, taken }: { accepted: number; taken: number },
): readonly string[] {
  const faults: string[] = [];
  if (after.unaccounted !== 0) faults.push(`${after.unaccounted} beacons are not accounted for`);
  for (const { name, unaccounted, waiting } of after.sinks) {
    if (unaccounted !== 0) faults.push(`${unaccounted} events are not accounted for at ${name}`);
    if (waiting !== 0) faults.push(`${waiting} events still wait for ${name}`);
  }
  if (after.openViews > 0) faults.push(`${after.openViews} views are still open`);
  if (taken !== accepted) faults.push(`${accepted} beacons answered 204, ${taken} taken`);
  return faults;
}

type Summary = {
  readonly views: number;
  readonly sent: number;
  readonly answered: Readonly<Record<string, number>>;
  readonly taken: number;
  readonly duplicate: number;
  readonly sealed: number;
  readonly shed: number;
  readonly open: number;
  readonly events: Readonly<Record<string, number>>;
  readonly sinks: readonly Readonly<Record<string, unknown>>[];
  readonly faults: readonly string[];
};

function textOf({ views, sent, answered, sinks, events, faults, ...beacons }: Summary): string {
  return [
    `${views} page views, ${sent} beacons sent; answers: ${list(answered)}`,
    `beacons  ${list(beacons)}`,
    `events   ${list(events)}`,
    ...sinks.map((sink) => `sink     ${list(sink)}`),
    ...(faults.length === 0 ? ["Everything is accounted for."] : faults),
  ].join("\n");
}

function list(of: Readonly<Record<string, unknown>>): string {
  return Object.entries(of)
    .map(([name, value]) => `${name} ${String(value)}`)
    .join(", ");
}

if (values.help) console.log(usage);
else await traffic();
