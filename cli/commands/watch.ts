// aviary watch: a flag as it goes, and what its judge makes of it. Goes on looking while the
// server does not answer, and says so.
import { defineAction } from "../action.ts";
import { armsText } from "../arms-report.ts";
import { checkCount, checkFlag } from "../checks.ts";
import type { ControlApi } from "../control-api.ts";
import { Failure } from "../failure.ts";
import { progressText } from "../flag-report.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";
import type { Report } from "../report.ts";
import { verdictText } from "../verdict-report.ts";
import { wrap } from "../wrap.ts";

export const watch = defineAction({
  description: "Show a flag, its arms and what the judge says, again and again",
  args: {
    key: { type: "positional", required: true, description: "The flag" },
    interval: {
      type: "string",
      valueHint: "s",
      description: "Seconds between looks; 2 unless given",
    },
    once: { type: "boolean", description: "Look once" },
  },
  examples: ["aviary watch engine-6-7", "aviary watch engine-6-7 --interval 10"],
  remarks: [
    "Ctrl-C ends it. With --json it looks once. Counts are up to twenty seconds old.",
    "HARM fills as evidence of harm grows; when it is full, the flag goes back. A narrow terminal gets fewer columns.",
    "OF BOTH is what share of the canary's and control's requests at this share of traffic an arm has got, MEANT what share it should get.",
  ],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const intervalMs = checkCount("--interval", values.interval ?? "2", 3_600) * 1_000;
    let seen = await lookAt(flag, session.api, session.columns());
    if (values.once === true || session.isJson) return seen;
    let text = seen.text;
    let lostAtMs: number | undefined;
    for (;;) {
      session.draw(text);
      await session.wait(intervalMs);
      try {
        seen = await lookAt(flag, session.askOnce, session.columns());
        text = seen.text;
        lostAtMs = undefined;
      } catch (error) {
        if (!(error instanceof Failure) || error.kind !== "unavailable") throw error;
        lostAtMs ??= Date.now();
        text = `${lostText(error, lostAtMs, session.columns())}\n\n${seen.text}`;
      }
    }
  },
});

async function lookAt(flag: string, api: ControlApi, columns: number): Promise<Report> {
  const seen = await api.flags.show(flag);
  const now = new Date();
  const title = `${paint("bold", `flag ${flag}`)}  ${paint("dim", formatTime(now.toISOString()))}`;
  const about = `${title}\n${progressText(seen, now.getTime(), columns)}`;
  // A draft was never on trial, and has no verdict.
  const verdict = seen.attempt === 0 ? null : await api.flags.verdict(flag, {});
  const judged = verdict === null ? [] : [verdictText(verdict, now.getTime(), columns)];
  // The verdict comes before the arms: where a screen is too low, what is last is not seen.
  const text = [about, ...judged, armsText(seen, columns)].join("\n\n");
  return { json: { ...seen, verdict }, text };
}

function lostText({ message }: Failure, sinceMs: number, columns: number): string {
  const since = formatTime(new Date(sinceMs).toISOString());
  const lines = wrap(`No answer since ${since}: ${message}. This is what was seen last.`, columns);
  return lines.map((line) => paint("red", line)).join("\n");
}
