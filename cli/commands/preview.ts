// aviary preview: a header field that shows arms at any share.
import { defineAction } from "../action.ts";
import { checkCount, checkFlag } from "../checks.ts";
import { usageFailure } from "../failure.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";

export const preview = defineAction({
  description: "Sign a header field that shows a flag's arm to whoever sends it",
  args: {
    key: { type: "positional", required: true, description: "The flag" },
    arm: {
      type: "string",
      valueHint: "arm",
      description: "canary, control or rest; canary unless given",
    },
    minutes: {
      type: "string",
      valueHint: "n",
      description: "How long it shows it, up to 1440; 60 unless given",
    },
  },
  examples: ["aviary preview engine-6-7", "aviary preview engine-6-7 --arm control --minutes 5"],
  remarks: ["What it shows is kept by no cache and counts as nobody's evidence."],
  async run({ values, session }) {
    const flag = checkFlag("<key>", values.key);
    const { arm = "canary" } = values;
    if (!["canary", "control", "rest"].includes(arm)) {
      throw usageFailure("--arm must be canary, control or rest");
    }
    const minutes = checkCount("--minutes", values.minutes ?? "60", 1_440);
    const signed = await session.api.flags.preview({ arms: { [flag]: arm }, minutes });
    const field = `${signed.header}: ${signed.value}`;
    const until = paint("dim", `until ${formatTime(signed.expiresAt)}`);
    const example = `curl -H '${field}' ${session.settings.cdnOrigin}/js/<snippet>.js`;
    return { json: signed, text: `${field}\n  ${until}\n  ${example}` };
  },
});
