// aviary flag create: a draft, which touches nobody until it is ramped.
import { limits } from "#src/admin/contract.ts";
import { flagParameters, flagUnits } from "#src/admin/flag-contract.ts";
import { defineAction, type Input } from "../action.ts";
import { checkFlag } from "../checks.ts";
import { headline } from "../details.ts";
import { usageFailure } from "../failure.ts";
import {
  parseGuardrails,
  parseLayer,
  parsePatch,
  parseStages,
  type FlagPlan,
} from "../flag-plan.ts";
import { flagText } from "../flag-report.ts";
import { checkJson, readInput } from "../input-file.ts";
import { doubtsText, stagesText } from "../reach-report.ts";
import { parseShare } from "../share.ts";

const options = {
  set: {
    type: "string",
    valueHint: "name=value",
    description: "A delivery parameter that the canary gets; more than one with another --set",
  },
  header: {
    type: "string",
    valueHint: "name=value",
    description: "A response header that the canary gets; more than one with another --header",
  },
  unit: {
    type: "string",
    valueHint: "unit",
    description: `What is assigned as a whole: ${flagUnits.join(", ")}; visitor unless given`,
  },
  audience: {
    type: "string",
    valueHint: "file|json",
    description: "JsonLogic over the request: for whom; everybody unless given",
  },
  stages: {
    type: "string",
    valueHint: "shares",
    description:
      "The way up, as in 0.1%,1%,5%,50%:manual; chosen by the traffic of the last day unless given",
  },
  layer: {
    type: "string",
    valueHint: "name:places",
    description: "An exclusion layer and places in it, as in checkout:0-300000",
  },
  requires: {
    type: "string",
    valueHint: "key",
    description: "A flag whose change a request must have; more than one with another --requires",
  },
  holdout: {
    type: "string",
    valueHint: "share",
    description: "The least control kept until it is promoted, 1% to 50%; 1% unless given",
  },
  guardrail: {
    type: "string",
    valueHint: "name=json",
    description:
      "A guardrail to change by its fields, to add whole, or to leave out with off; more than one with another --guardrail",
  },
  "advise-only": { type: "boolean", description: "Let the judge tell and not act" },
  plan: {
    type: "string",
    valueHint: "file",
    description: "The whole plan as JSON, - for standard input; options above change it",
  },
  why: { type: "string", valueHint: "text", description: "For the audit log" },
  "dry-run": { type: "boolean", description: "Check it, and make nothing" },
} as const;

const blindStages =
  "Its stages are a busy site's: give --stages, or make it once there was traffic.";

type CreateInput = Input<{ key: { type: "positional"; required: true } } & typeof options>;

export const flagCreate = defineAction({
  description: "Make a flag, as a draft that touches nobody",
  args: {
    key: { type: "positional", required: true, description: "Its name, as in engine-6-7" },
    ...options,
  },
  repeatable: ["set", "header", "requires", "guardrail"],
  examples: [
    "aviary flag create engine-6-7 --set engine=6.7.0",
    "aviary flag create long-cache --set browserMaxAgeS=600 --unit account --stages 1%,10%,50%:manual",
    `aviary flag create de-only --set delayMs=50 --audience '{"==":[{"var":"country"},"DE"]}'`,
    `aviary flag create slim --set compressionLevel=9 --guardrail 'evaluation_p75={"margin":0.05}' --guardrail flicker_mean=off`,
    "aviary flag create from-file --plan ./plan.json --dry-run",
  ],
  remarks: [
    `Parameters: ${Object.keys(flagParameters).join(", ")}. A list is written as JSON: --set 'encodings=["br","identity"]'.`,
    "`aviary guardrails <key>` shows what a flag is judged by; docs/judge.md says what a guardrail may measure.",
    "Stages of --stages take an hour at most, and as many units as a day of the traffic known brings, from 200 to 50,000; a plan in a file can say more.",
  ],
  async run(input) {
    const { values, session } = input;
    const key = checkFlag("<key>", values.key);
    const dryRun = values["dry-run"] ?? false;
    const plan = await planFrom(input);
    const changed = await session.api.flags.create(key, plan, { why: values.why ?? "", dryRun });
    const did = dryRun ? "could be made" : "is made; ramp it when you are ready";
    const title = headline({ changed: !dryRun, subject: `flag ${key}`, did, already: did });
    const about = changed.after === null ? "" : flagText(changed.after, session.nowMs);
    const isBlind = changed.reach === null && plan.stages === undefined;
    const blocks = [
      about,
      stagesText(changed, session.nowMs),
      doubtsText(changed, session.columns(), isBlind ? [blindStages] : []),
    ];
    const text = blocks.filter((block) => block !== "").join("\n\n");
    return { json: changed, text: `${title}\n${text}` };
  },
});

async function planFrom(input: CreateInput): Promise<FlagPlan> {
  const { values, all } = input;
  const base = values.plan === undefined ? {} : await readPlan(values.plan, input);
  const patch = parsePatch(all("set"), all("header"));
  const requires = all("requires").map((key) => checkFlag("--requires", key));
  const chosen = {
    ...base,
    ...(Object.keys(patch).length > 0 && {
      patch: { ...(base.patch as object | undefined), ...patch },
    }),
    ...(values.unit !== undefined && { unit: values.unit as FlagPlan["unit"] }),
    ...(values.audience !== undefined && { audience: await audienceFrom(input) }),
    ...(values.stages !== undefined && { stages: parseStages(values.stages) }),
    ...(values.layer !== undefined && { layer: parseLayer(values.layer) }),
    ...(requires.length > 0 && { prerequisites: requires }),
    ...guardrailsFrom(input, base),
    ...(values.holdout !== undefined && { holdoutPpm: parseShare("--holdout", values.holdout) }),
  } as FlagPlan;
  if (chosen.patch !== undefined) return chosen;
  throw usageFailure("a flag must change something", "Give --set, --header or --plan.");
}

function guardrailsFrom(
  { all, values }: CreateInput,
  base: FlagPlan,
): Pick<FlagPlan, "guardrails"> {
  const change = parseGuardrails(all("guardrail"));
  const isAdvised = values["advise-only"] ?? false;
  if (Object.keys(change).length === 0 && !isAdvised) return {};
  const before = (base.guardrails ?? {}) as { readonly change?: object };
  return {
    guardrails: {
      ...before,
      ...(Object.keys(change).length > 0 && { change: { ...before.change, ...change } }),
      ...(isAdvised && { automatic: false }),
    },
  };
}

async function audienceFrom(input: CreateInput): Promise<FlagPlan["audience"]> {
  const text = input.values.audience ?? "";
  if (!text.trimStart().startsWith("{")) {
    return (await readPlan(text, input, "--audience")) as FlagPlan["audience"];
  }
  try {
    return JSON.parse(text) as FlagPlan["audience"];
  } catch (error) {
    throw usageFailure(`--audience is not JSON: ${(error as Error).message}`);
  }
}

async function readPlan(
  path: string,
  { session }: CreateInput,
  argument = "--plan",
): Promise<FlagPlan> {
  const file = { path, argument, limit: limits.json, stdin: session.stdin };
  const bytes = await readInput(file);
  checkJson(bytes, file);
  const document: unknown = JSON.parse(new TextDecoder().decode(bytes));
  if (typeof document === "object" && document !== null && !Array.isArray(document)) {
    return document;
  }
  throw usageFailure(`${argument}: ${path} must hold one JSON object`);
}
