// aviary preview: a header field that shows arms at any share.
import { defineAction } from "../action.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { usageFailure } from "../failure.ts";
import { pairs } from "../flag-plan.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";

const arms = ["canary", "control", "rest"];

export const preview = defineAction({
  description: "Sign a header field that shows flags' arms to whoever sends it",
  args: {
    "flag=arm": {
      type: "positional",
      required: true,
      description: "A flag and its arm, canary, control or rest, as in engine-6-7=canary",
    },
    minutes: {
      type: "string",
      valueHint: "n",
      description: "How long it shows them, up to 1440; 60 unless given",
    },
  },
  repeatable: ["flag=arm"],
  examples: [
    "aviary preview engine-6-7=canary",
    "aviary preview engine-6-7=control long-cache=canary --minutes 5",
  ],
  remarks: [
    "A flag without an arm is shown as canary. What it shows is kept by no cache and counts as nobody's evidence.",
  ],
  async run({ values, all, session }) {
    const shown = armsFrom(all("flag=arm"));
    const minutes = checkCount("--minutes", values.minutes ?? "60", 1_440);
    const signed = await session.api.flags.preview({ arms: shown, minutes });
    const field = `${signed.header}: ${signed.value}`;
    const until = paint("dim", `until ${formatTime(signed.expiresAt)}`);
    // Quoted: a shell takes < and > for files.
    const example = `curl -H '${field}' '${session.settings.cdnOrigin}/js/<snippet>.js'`;
    return { json: signed, text: `${field}\n  ${until}\n  ${example}` };
  },
});

function armsFrom(words: readonly string[]): Readonly<Record<string, string>> {
  const given = words.map((word) => (word.includes("=") ? word : `${word}=canary`));
  const shown = pairs("<flag=arm>", given);
  for (const [flag, arm] of shown) {
    checkFlag("<flag=arm>", flag);
    if (!arms.includes(arm)) {
      throw usageFailure(`<flag=arm> ${flag} has the arms ${arms.join(", ")}; it was ${arm}`);
    }
  }
  return Object.fromEntries(shown);
}
