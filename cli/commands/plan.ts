// aviary plan: what would this request get, and why.
import { isDeepStrictEqual } from "node:util";
import { defineAction, type Input } from "../action.ts";
import { checkId } from "../checks.ts";
import { usageFailure } from "../failure.ts";
import { pairs } from "../flag-plan.ts";
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
  remarks: [
    "Context: colo, country, continent, asn, httpProtocol, site, request.",
    "What an arm under trial, canary or control, may be cached is cut short, so that a roll-back reaches browsers: such a parameter is changed by the trial.",
  ],
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
      .filter(({ value, initial, flag }) => flag !== null || !isDeepStrictEqual(value, initial))
      .map(({ name, value, initial, flag }) => [
        name,
        valueText(value),
        valueText(initial),
        flag ?? paint("dim", "the trial"),
      ]);
    const arms =
      flags.length === 0
        ? "There are no flags: everybody gets the stable delivery."
        : table(["FLAG", "STATE", "SHARE", "ARM", "WHY"], flags);
    const parameters =
      changed.length === 0
        ? paint("dim", "No delivery parameter is changed.")
        : table(["PARAMETER", "VALUE", "WITHOUT", "BY"], changed);
    const blocks = [...(document.account === null ? [unowned] : []), arms, parameters];
    return { json: document, text: blocks.join("\n\n") };
  },
});

const unowned = paint("yellow", "Nothing is published there: it belongs to no account.");

// Cloudflare tells the network's number as a number, and all else as text.
function contextValue(name: string, text: string): string | number {
  return name === "asn" && /^\d{1,10}$/.test(text) ? Number(text) : text;
}

function requestFrom({ values, all }: Input<typeof args>): unknown {
  const { snippet, datafile, visitor } = values;
  if ((snippet === undefined) === (datafile === undefined)) {
    throw usageFailure("name a snippet, or --datafile and an SDK key");
  }
  const asked =
    snippet === undefined
      ? { kind: "datafile", id: checkId("--datafile", datafile ?? "") }
      : { kind: "snippet", id: checkId("<snippet>", snippet) };
  const context = Object.fromEntries(
    pairs("--context", all("context")).map(([name, text]) => [name, contextValue(name, text)]),
  );
  const userAgent = values["user-agent"];
  return {
    ...asked,
    ...(visitor !== undefined && { address: visitor }),
    ...(userAgent !== undefined && { userAgent }),
    ...(Object.keys(context).length > 0 && { context }),
  };
}
