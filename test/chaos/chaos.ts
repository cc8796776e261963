// npm run chaos: beacons in a random order, some twice, while the Worker is killed
// again and again; says what was lost, which must be nothing.
import { parseArgs } from "node:util";
import { SingleBar } from "cli-progress";
import { runChaos, type ChaosResult } from "./run-chaos.ts";
import { faultsOf } from "./faults.ts";

const usage = `npm run chaos -- [--beacons 200000] [--kills 10] [--concurrency 300] [--seed 1] [--json]

Sends beacons in a random order, 5 % of them twice and 3 % not at all, kills the Worker's
process with SIGKILL so many times, and compares what was answered with what came out.`;

const { values } = parseArgs({
  options: {
    beacons: { type: "string", default: "200000" },
    kills: { type: "string", default: "10" },
    concurrency: { type: "string", default: "300" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

async function chaos(): Promise<void> {
  const format = "{bar} {value}/{total} beacons, {kills} kills, {eta_formatted} to go";
  const bar = new SingleBar({ format, stream: process.stderr, clearOnComplete: true });
  bar.start(Number(values.beacons), 0, { kills: 0 });
  const result = await runChaos({
    beacons: Number(values.beacons),
    kills: Number(values.kills),
    concurrency: Number(values.concurrency),
    seed: Number(values.seed),
    onProgress: (sent, of, kills) => {
      bar.setTotal(of);
      bar.update(sent, { kills });
    },
  });
  bar.stop();
  const faults = faultsOf(result);
  if (values.json) console.log(JSON.stringify({ ...result, faults }));
  else console.log(summary(result, faults));
  process.exitCode = faults.length === 0 ? 0 : 1;
}

function summary(result: ChaosResult, faults: readonly string[]): string {
  const { sent, answered, unanswered, kills, seconds, sinks } = result;
  return [
    `${sent} beacons in ${seconds.toFixed(0)} s, ${kills} kills: ${answered} answered, ${unanswered} not`,
    ...sinks.map(
      (each) =>
        `${each.name}: ${each.events} events, ${each.lost} beacons lost, ${each.doubled} doubled, ` +
        `${each.repeated} events came again (${each.mostCopies} copies at most), ` +
        `late beacon to sink p99 ${each.lateP99Ms} ms, ` +
        `early one alone to sink at most ${each.earlyOnlyMostMs} ms`,
    ),
    ...(faults.length === 0 ? ["Nothing was lost."] : faults),
  ].join("\n");
}

if (values.help) console.log(usage);
else await chaos();
