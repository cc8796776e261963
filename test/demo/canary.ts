// npm run demo:canary: from nothing to one change that went on and one that was taken back,
// under visitors that are made up and everything else as it is. Prints the story as it goes.
import { parseArgs } from "node:util";
import * as v from "valibot";
import { flagList } from "#src/admin/flag-contract.ts";
import { verdictList, verdictView } from "#src/admin/verdict-contract.ts";
import { verdictText } from "../../cli/verdict-report.ts";
import { control, startAviary, type Started } from "../harness.ts";
import { visit, type GivenArms, type Page } from "./visitors.ts";

const usage = `npm run demo:canary -- [--seconds N] [--at-once N] [--seed N]

Ramps a change that does good and one that makes the script run 1.6 times as long, both on a
Worker of their own, under synthetic visitors over HTTP. Ends when the first is promoted and the
second rolled back, with 0; or with 1 after so many seconds (170).`;

const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "170" },
    "at-once": { type: "string", default: "12" },
    seed: { type: "string", default: "1" },
    help: { type: "boolean", short: "h", default: false },
  },
});

const good = "sooner";
const bad = "slower";

/** Short stages, and less proof than a real ramp would want: a demo has minutes, not days. */
const plan = {
  unit: "visitor",
  stages: [400_000, 500_000].map((sharePpm) => ({
    sharePpm,
    minTimeMs: 10_000,
    minViews: 100,
    mode: "judged",
  })),
  guardrails: {
    bakeMs: 10_000,
    minViews: 100,
    change: {
      arrivals: { advanceMargin: 0.5 },
      errors: { negligible: 0.03 },
      incomplete: { advanceMargin: 3 },
      download_p75: { advanceMargin: 0.5 },
      evaluation_p75: { advanceMargin: 0.5 },
    },
  },
};

const patches = {
  [good]: { headers: { priority: "u=1" } },
  [bad]: { engine: "2.0.0" },
};

const startedAtMs = Date.now();

function tell(line: string): void {
  const seconds = ((Date.now() - startedAtMs) / 1_000).toFixed(0).padStart(4);
  console.log(`${seconds} s  ${line}`);
}

async function ask<S extends v.GenericSchema>(
  worker: Started,
  path: string,
  { schema, ...init }: RequestInit & { readonly schema: S },
): Promise<v.InferOutput<S>> {
  const response = await control(worker, path, init);
  const body: unknown = await response.json();
  if (!response.ok) throw new Error(`${path}: ${JSON.stringify(body)}`);
  return v.parse(schema, body);
}

async function put(worker: Started, path: string, body: string): Promise<void> {
  await ask(worker, path, { method: "PUT", body, schema: v.unknown() });
}

async function ramp(worker: Started, key: string): Promise<void> {
  await ask(worker, `/flags/${key}/advance`, {
    method: "POST",
    headers: { "if-match": '"1"' },
    schema: v.unknown(),
  });
}

/** What a page measures: the canary of one flag downloads sooner, that of the other runs longer. */
function pageUnder(codes: ReadonlyMap<string, string>) {
  const isCanary = (arms: GivenArms, flag: string): boolean =>
    arms.get(codes.get(flag) ?? "") === "canary";
  return (arms: GivenArms, random: () => number): Page => {
    const evalMs = 15 + 15 * random() ** 2;
    const isLost = random() < 0.02;
    return {
      early: { "snippet.error_count": random() < 0.003 ? 1 : 0 },
      late: {
        "snippet.eval_ms": isCanary(arms, bad) ? evalMs * 1.6 : evalMs,
        "lcp.value": 900 + 1_500 * random() - (isCanary(arms, good) ? 60 : 0),
        "cls.value": 0.05 * random(),
      },
      sends: isLost ? "early" : "both",
    };
  };
}

type Told = Map<string, string>;

/** Tells what is new of each flag; true when the story has ended. */
async function follow(worker: Started, told: Told): Promise<boolean> {
  const { flags } = await ask(worker, "/flags", { schema: flagList });
  for (const { key, state, sharePpm } of flags) {
    const now = `${state} ${sharePpm}`;
    if (told.get(key) === now) continue;
    told.set(key, now);
    const path = `/flags/${key}/verdicts?limit=20`;
    const { verdicts } = await ask(worker, path, { schema: verdictList });
    const moved = verdicts.find(({ outcome }) => outcome.outcome === "done");
    const why = moved?.reasons[0]?.detail ?? "It begins.";
    const place = sharePpm === 0 ? "" : ` at ${sharePpm / 10_000} %`;
    tell(`${key} is ${state.replace("_", " ")}${place}. ${why}`);
  }
  const stateOf = (key: string) => flags.find((each) => each.key === key)?.state;
  return stateOf(good) === "promoted" && stateOf(bad) === "rolled_back";
}

/** The verdict that took a flag back, or the one of now where none did. */
async function showVerdicts(worker: Started): Promise<void> {
  for (const key of [good, bad]) {
    const path = `/flags/${key}/verdicts?limit=200`;
    const { verdicts } = await ask(worker, path, { schema: verdictList });
    const line = verdicts.find(({ outcome }) => outcome.outcome === "done") ?? verdicts[0];
    if (line === undefined) continue;
    const at = `/flags/${key}/verdict?at=${encodeURIComponent(line.at)}`;
    const verdict = await ask(worker, at, { schema: verdictView });
    console.log(`\n${key}: its last verdict that moved it, computed again from what was stored`);
    console.log(verdictText(verdict, Date.now(), process.stdout.columns));
  }
}

async function demo(): Promise<boolean> {
  const worker = await startAviary({ direct: true });
  try {
    await put(worker, "/engines/1.0.0", "self.engine = 1;");
    await put(worker, "/engines/2.0.0", "self.engine = 2;");
    await put(worker, "/snippets/demo?account=demo&engine=1.0.0", "{}");
    for (const [key, patch] of Object.entries(patches)) {
      await put(worker, `/flags/${key}`, JSON.stringify({ ...plan, patch }));
      await ramp(worker, key);
    }
    const { flags } = await ask(worker, "/flags", { schema: flagList });
    const codes = new Map(flags.map(({ key, code }) => [key, code]));
    tell("Aviary is up, and visitors come to two changes, each with a control of its size:");
    tell(`${good}: the script has a higher priority, and pages paint 60 ms sooner.`);
    tell(`${bad}: a new engine, whose evaluation takes 1.6 times as long.`);
    const crowd = { url: await worker.directUrl(), snippet: "demo", page: pageUnder(codes) };
    const atOnce = Number(values["at-once"]);
    const visits = visit({ ...crowd, seed: Number(values.seed), atOnce });
    const told: Told = new Map();
    let isOver = false;
    while (!isOver && Date.now() - startedAtMs < Number(values.seconds) * 1_000) {
      isOver = await follow(worker, told);
      if (!isOver) await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
    await visits.stop();
    const { views, refused } = visits.counts;
    tell(`${views.toLocaleString("en")} page views, ${refused} beacons refused.`);
    await showVerdicts(worker);
    return isOver;
  } finally {
    await worker.stop();
  }
}

if (values.help) console.log(usage);
else {
  const isOver = await demo();
  console.log(
    isOver ? "\nThe good went on, the bad went back." : "\nThe story did not end in time.",
  );
  process.exitCode = isOver ? 0 : 1;
}
