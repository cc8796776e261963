// aviary watch: a flag as it goes, and what its judge makes of it.
import { defineAction } from "../action.ts";
import { armsText } from "../arms-report.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { progressText } from "../flag-report.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";
import { verdictText } from "../verdict-report.ts";

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
    "OF BOTH is what share of the canary's and control's requests at this share of traffic an arm has got, MEANT what share it should get.",
    "HARM fills as evidence of harm grows; when it is full, the flag goes back.",
  ],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const intervalMs = checkCount("--interval", values.interval ?? "2", 3_600) * 1_000;
    const isOnce = values.once === true || session.isJson;
    for (;;) {
      const seen = await session.api.flags.show(flag);
      const now = new Date();
      const title = `${paint("bold", `flag ${flag}`)}  ${paint("dim", formatTime(now.toISOString()))}`;
      const about = `${title}\n${progressText(seen, now.getTime())}`;
      // A draft was never on trial, and has no verdict.
      const verdict = seen.attempt === 0 ? null : await session.api.flags.verdict(flag, {});
      const judged = verdict === null ? [] : [verdictText(verdict, now.getTime())];
      const text = [about, armsText(seen), ...judged].join("\n\n");
      if (isOnce) return { json: { ...seen, verdict }, text };
      session.draw(text);
      await session.wait(intervalMs);
    }
  },
});
