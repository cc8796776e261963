// aviary kill: the red button. Asks nothing and needs nothing.
import { defineAction } from "../action.ts";
import { checkFlag } from "../checks.ts";
import { usageFailure } from "../failure.ts";
import { paint } from "../paint.ts";

// Also what is said when the answer to a first attempt was lost: it must be true then too.
const nothingLeft =
  "No flag is under way: everything is stable.\n  `aviary audit` shows what was killed before.";

export const kill = defineAction({
  description: "The red button: one flag, or all of them, off within 10 s",
  args: {
    key: { type: "positional", required: false, description: "The flag" },
    all: { type: "boolean", description: "Every flag: everything stable" },
    "dry-run": { type: "boolean", description: "Say what it would end, and end nothing" },
    why: { type: "string", valueHint: "text", description: "For the audit log" },
  },
  examples: ["aviary kill engine-6-7", "aviary kill --all", "aviary kill --all --dry-run"],
  remarks: [
    "It asks for no revision and no reason. `aviary revive` makes a draft of a killed flag.",
  ],
  async run({ values, session }) {
    if ((values.key === undefined) === (values.all !== true)) {
      throw usageFailure("name one flag to kill, or --all");
    }
    const key = values.key === undefined ? undefined : checkFlag("<key>", values.key);
    const dryRun = values["dry-run"] ?? false;
    const killed = await session.api.flags.kill(key, { why: values.why ?? "", dryRun });
    const { flags } = killed;
    if (dryRun && flags.length > 0) {
      return { json: killed, text: `would be killed: ${flags.join(", ")}` };
    }
    const title = `${paint("red", "■")} ${paint("bold", "killed")} ${flags.join(", ")}`;
    const when = paint("dim", "Seen everywhere within 10 s.");
    return { json: killed, text: flags.length === 0 ? nothingLeft : `${title}\n  ${when}` };
  },
});
