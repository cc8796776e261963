// aviary plan: what would this request get, and why.
import { defineAction, type Input } from "../action.ts";
import { checkId } from "../checks.ts";
import { usageFailure } from "../failure.ts";
import { pair } from "../flag-plan.ts";
import { stateText, valueText } from "../flag-report.ts";
import { paint } from "../paint.ts";
import { formatShare } from "../share.ts";
import { table } from "../table.ts";

const args = {
  snippet: { type: "positional", required: false, description: "The snippet that is asked for" },
  datafile: { type: "string", valueHint: "sdkKey", description: "A datafile instead of a snippet" },
  visitor: { type: "string", valueHint: "address", description: "Network address of the visitor" },
  "user-agent": { type: "string", valueHint: "text", description: "User agent of the visitor" },
  context: {
    type: "string",
    valueHint: "name=value",
    description: "What else is known, as in country=DE; more with another --context",
  },
} as const;

export const plan = defineAction({
  description: "Show what a request would get, flag by flag, and why",
  args,
  repeatable: ["context"],
  examples: [
    "aviary plan demo",
    "aviary plan demo --visitor 203.0.113.9 --user-agent 'Mozilla/5.0' --context country=DE",
    "aviary plan --datafile demo-sdk",
  ],
  remarks: ["Context: colo, country, continent, asn, httpProtocol, site, request."],
  async run(input) {
    const { session } = input;
    const document = await session.api.flags.plan(requestFrom(input));
    const flags = document.flags.map(({ flag, state, sharePpm, arm, detail }) => [
      flag,
      stateText(state),
      formatShare(sharePpm),
      arm === "rest" ? paint("dim", arm) : paint("bold", arm),
      detail,
    ]);
    const changed = document.parameters
      .filter(({ flag }) => flag !== null)
      .map(({ name, value, initial, flag }) => [
        name,
        valueText(value),
        valueText(initial),
        flag ?? "",
      ]);
    const arms =
      flags.length === 0
        ? "There are no flags: everybody gets the stable delivery."
        : table(["FLAG", "STATE", "SHARE", "ARM", "WHY"], flags);
    const parameters =
      changed.length === 0
        ? paint("dim", "No delivery parameter is changed by a flag.")
        : table(["PARAMETER", "VALUE", "WITHOUT", "BY"], changed);
    return { json: document, text: `${arms}\n\n${parameters}` };
  },
});

function requestFrom({ values, all }: Input<typeof args>): unknown {
  const { snippet, datafile, visitor } = values;
  if ((snippet === undefined) === (datafile === undefined)) {
    throw usageFailure("name a snippet, or --datafile and an SDK key");
  }
  const asked =
    snippet === undefined
      ? { kind: "datafile", id: checkId("--datafile", datafile ?? "") }
      : { kind: "snippet", id: checkId("<snippet>", snippet) };
  const context = Object.fromEntries(all("context").map((text) => pair("--context", text)));
  const userAgent = values["user-agent"];
  return {
    ...asked,
    ...(visitor !== undefined && { address: visitor }),
    ...(userAgent !== undefined && { userAgent }),
    ...(Object.keys(context).length > 0 && { context }),
  };
}
