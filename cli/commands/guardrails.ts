// aviary guardrails: what a flag is judged by.
import { defineAction } from "../action.ts";
import { checkFlag } from "../checks.ts";
import { paint } from "../paint.ts";
import { guardrailsText } from "../verdict-report.ts";

export const guardrails = defineAction({
  description: "Show what a flag is judged by, defaults included",
  args: { key: { type: "positional", required: true, description: "The flag" } },
  examples: ["aviary guardrails engine-6-7", "aviary guardrails engine-6-7 --json"],
  remarks: ["`aviary flag create --guardrail` changes them for a flag."],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const shown = await session.api.flags.guardrails(flag);
    return { json: shown, text: `${paint("bold", `flag ${flag}`)}\n${guardrailsText(shown)}` };
  },
});
