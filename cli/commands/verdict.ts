// aviary verdict: what the judge says of a flag, or said; and what it has said so far.
import { defineAction } from "../action.ts";
import { checkCount, checkFlag, checkTime } from "../checks.ts";
import { formatTime, harmless } from "../format.ts";
import { paint } from "../paint.ts";
import { table } from "../table.ts";
import { verdictText } from "../verdict-report.ts";

const key = { type: "positional", required: true, description: "The flag" } as const;

export const verdict = defineAction({
  description: "Show what the judge says of a flag, now or at a time",
  args: {
    key,
    at: {
      type: "string",
      valueHint: "time",
      description: "The verdict that stood then, computed again from what was stored",
    },
    input: { type: "boolean", description: "With --json: add all that it is computed from" },
  },
  examples: ["aviary verdict engine-6-7", "aviary verdict engine-6-7 --at 2026-11-25T08:00:00Z"],
  remarks: [
    "A time is one as `aviary verdicts` prints it, or RFC 3339.",
    "HARM fills as evidence of harm grows; when it is full, the flag goes back.",
  ],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const at = values.at === undefined ? undefined : checkTime("--at", values.at);
    const query = { ...(at !== undefined && { at }), ...(values.input && { input: "true" }) };
    const seen = await session.api.flags.verdict(flag, query);
    const title = `${paint("bold", `flag ${flag}`)}  ${paint("dim", formatTime(seen.at))}`;
    return { json: seen, text: `${title}\n${verdictText(seen, session.nowMs, session.columns())}` };
  },
});

export const verdicts = defineAction({
  description: "List what the judge has said of a flag, newest first",
  args: {
    key,
    limit: {
      type: "string",
      valueHint: "n",
      description: "How many; 20 unless given, 200 at most",
    },
  },
  examples: ["aviary verdicts engine-6-7", "aviary verdicts engine-6-7 --limit 100"],
  remarks: ["All that moved the flag are kept; others thin out as they age."],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const limit = String(checkCount("--limit", values.limit ?? "20", 200));
    const document = await session.api.flags.verdicts(flag, { limit });
    const rows = document.verdicts.map(({ at, action, outcome, reasons }) => [
      formatTime(at),
      action,
      outcome.outcome === "none" ? "" : outcome.outcome,
      harmless(reasons[0]?.detail ?? ""),
    ]);
    const text =
      rows.length === 0
        ? "Nothing was said of it yet."
        : table(["AT", "VERDICT", "CAME OF IT", "WHY"], rows);
    return { json: document, text };
  },
});
