// aviary policy: what holds for all flags together.
import { defineAction, type Group } from "../action.ts";
import { details } from "../details.ts";
import { usageFailure } from "../failure.ts";
import { formatTime } from "../format.ts";
import { paint } from "../paint.ts";

type Freeze = { readonly fromMs: number; readonly toMs: number };
type Policy = {
  readonly maxLive: number;
  readonly freezes: readonly Freeze[];
  readonly automatic: boolean;
  readonly revision: number;
};

const show = defineAction({
  description: "Show how many flags may be live, when nothing grows, and what verdicts do",
  args: {},
  examples: ["aviary policy show"],
  async run({ session }) {
    const policy = await session.api.flags.policy();
    return { json: policy, text: policyText(policy) };
  },
});

const set = defineAction({
  description: "Set how many flags may be live, when nothing grows, or what verdicts do",
  args: {
    "max-live": { type: "string", valueHint: "n", description: "Most live flags, 0 to 64" },
    freeze: {
      type: "string",
      valueHint: "from/to",
      description: "Two RFC 3339 times; more than one with another --freeze",
    },
    unfreeze: { type: "boolean", description: "End all freezes" },
    judge: {
      type: "string",
      valueHint: "mode",
      description: "What verdicts do: act on flags, or only advise",
    },
    why: { type: "string", valueHint: "text", description: "For the audit log" },
  },
  repeatable: ["freeze"],
  examples: [
    "aviary policy set --max-live 4",
    "aviary policy set --judge advise --why 'audit week'",
    "aviary policy set --freeze 2026-11-26T00:00Z/2026-11-30T00:00Z --why 'Black Friday'",
  ],
  remarks: ["The freezes that are given replace all earlier ones."],
  async run({ values, all, session }) {
    const { flags } = session.api;
    const before = await flags.policy();
    const given = all("freeze").map(parseFreeze);
    if (values.unfreeze && given.length > 0) {
      throw usageFailure("--unfreeze and --freeze exclude each other");
    }
    const maxLive =
      values["max-live"] === undefined ? before.maxLive : parseMost(values["max-live"]);
    const freezes = given.length > 0 || values.unfreeze ? given : before.freezes;
    const change = { revision: before.revision, why: values.why ?? "" };
    const automatic = values.judge === undefined ? before.automatic : parseMode(values.judge);
    const policy = await flags.setPolicy({ maxLive, freezes, automatic }, change);
    return {
      json: policy,
      text: `${paint("green", "✔")} the policy is set\n${policyText(policy)}`,
    };
  },
});

function policyText({ maxLive, freezes, automatic }: Policy): string {
  const times = freezes.map(({ fromMs, toMs }) =>
    [iso(fromMs), iso(toMs)].map(formatTime).join(" to "),
  );
  return details([
    ["live flags", `at most ${maxLive}`],
    ["nothing grows", times.length === 0 ? "never: there is no freeze" : times.join("; ")],
    ["judge", automatic ? "acts on flags" : "only advises"],
  ]);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function parseMost(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) <= 64) return Number(text);
  throw usageFailure("--max-live must be a whole number from 0 to 64");
}

function parseMode(text: string): boolean {
  if (text === "act" || text === "advise") return text === "act";
  throw usageFailure(`--judge must be act or advise; it was ${text}`);
}

function parseFreeze(text: string): Freeze {
  const [fromMs = Number.NaN, toMs = Number.NaN, ...rest] = text
    .split("/")
    .map((time) => Date.parse(time));
  if (rest.length > 0 || !(fromMs < toMs)) {
    const hint = "As in 2026-11-26T00:00Z/2026-11-30T00:00Z.";
    throw usageFailure(`--freeze must be two times, the earlier first; it was ${text}`, hint);
  }
  return { fromMs, toMs };
}

export const policy: Group = {
  meta: { name: "policy", description: "What holds for all flags together" },
  subCommands: { show, set },
};
