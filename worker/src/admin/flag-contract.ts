// The control API's documents about flags, as schemas.
import * as v from "valibot";
import { statedNames } from "#flags/audience-names.ts";
import { parameterTable } from "#flags/parameters.ts";
import { rolloutSchema, stageSchema, states, units } from "#flags/rollout.ts";
import { trueOrFalse, whySchema } from "./contract.ts";

const { entries } = rolloutSchema;

/** Keys of flags. */
export const flagKeySchema = entries.flag;
/** What can be assigned as a whole. */
export const flagUnits: readonly string[] = units;
/** What a flag can change, by name, each with its schema. */
export const flagParameters: Readonly<Record<string, { readonly schema: v.GenericSchema }>> =
  parameterTable;

const { sharePpm, minTimeMs, minViews, mode } = stageSchema.entries;

/** A stage of which everything but its share may be left out: it then follows from the traffic. */
const wantedStage = v.strictObject({
  sharePpm,
  minTimeMs: v.exactOptional(minTimeMs),
  minViews: v.exactOptional(minViews),
  mode: v.exactOptional(mode),
});

/** What the author of a flag chooses. */
export const flagPlanBody = v.strictObject({
  unit: v.optional(entries.unit, "visitor"),
  /** What the hash begins with; left out, a random one is made. */
  seed: v.exactOptional(entries.seed),
  audience: entries.audience,
  patch: entries.patch,
  /** Left out, they are chosen by the traffic of the last day. */
  stages: v.exactOptional(v.pipe(v.array(wantedStage), v.minLength(1, "must have a stage"))),
  layer: entries.layer,
  prerequisites: v.optional(entries.prerequisites, []),
  holdoutPpm: v.optional(entries.holdoutPpm, 10_000),
  freezes: v.optional(entries.freezes, []),
  guardrails: entries.guardrails,
});

/** Query of every change of a flag. Strict: a dry run that is misspelt must not be a change. */
export const changeQuery = v.strictObject({
  dryRun: v.optional(trueOrFalse, "false"),
  why: whySchema,
});

/** A kill asks for nothing, and takes a reason if there is one. No name that it does not know stops it. */
export const killQuery = v.object({
  dryRun: v.optional(trueOrFalse, "false"),
  why: whySchema,
});

export const rampBody = v.strictObject({ sharePpm: entries.sharePpm });

/** The actions that are posted to a flag without a body. */
export const plainActions = ["advance", "hold", "resume", "rollback", "promote", "revive"] as const;

const nullableNumber = v.nullable(v.number());

const armCount = v.object({
  kind: v.picklist(["snippet", "datafile"]),
  arm: v.picklist(["canary", "control", "rest"]),
  attempt: v.number(),
  stage: v.number(),
  sharePpm: v.number(),
  requests: v.number(),
  /** Of them, those that the judge holds against arrivals: each visitor once in five minutes. */
  visits: v.number(),
});
const byArm = v.object({ canary: v.number(), control: v.number(), rest: v.number() });
const perMinute = v.nullable(byArm);

const { stages, layer, prerequisites, holdoutPpm, freezes, guardrails } = entries;

/** A flag: what its author chose, and how far it has come. */
const flagView = v.object({
  key: v.string(),
  /** Its short name in arms tokens. */
  code: v.string(),
  state: v.picklist(states),
  sharePpm: v.number(),
  stage: nullableNumber,
  attempt: v.number(),
  revision: v.number(),
  changedAt: v.string(),
  shareSetAt: v.string(),
  /** How much of its audience is in each arm, in ppm: near 100 % the hold-out counts, too. */
  arms: byArm,
  /** Promoted, or untouched for thirty days: to be cleaned up. */
  stale: v.boolean(),
  /** What of it is not done, and why: its author has to mend it. */
  ill: v.array(v.object({ field: v.string(), detail: v.string() })),
  /** What can be done next. */
  actions: v.array(v.string()),
  unit: v.picklist(units),
  seed: v.string(),
  audience: v.nullable(v.unknown()),
  patch: v.record(v.string(), v.unknown()),
  stages,
  layer: v.nullable(layer.wrapped),
  prerequisites,
  holdoutPpm,
  freezes,
  guardrails: v.optional(guardrails.wrapped),
});

/** A flag with the requests that its arms got. */
export const flagDetail = v.object({
  ...flagView.entries,
  counts: v.array(armCount),
  /** Requests a minute by arm, over the last five whole minutes; null before there is one. */
  perMinute,
});

export const flagList = v.object({ epoch: v.number(), flags: v.array(flagView) });

/** Whom a share is, of the traffic of the last day. */
const reach = v.object({
  /** The share that it is told of: a draft's first stage. */
  sharePpm: v.number(),
  /** When the first of the traffic was counted. */
  since: v.string(),
  /** Requests a minute in the canary. */
  requestsPerMinute: v.number(),
  /** Page views a minute in it that are measured, or answers to SDKs. */
  viewsPerMinute: v.number(),
  /** True where only a request tells whether it is in the audience: it may be fewer. */
  isAtMost: v.boolean(),
  /** Accounts, snippets or SDK keys; null where the unit is no such id. */
  units: v.nullable(
    v.object({
      /** How many were seen. */
      known: v.number(),
      canary: v.number(),
      control: v.number(),
      /** Ten of the canary, the busiest first. */
      names: v.array(v.string()),
      /** The least share with one of them in each arm; null where no share has. */
      leastPpm: nullableNumber,
    }),
  ),
});

const stageAhead = v.object({
  sharePpm: v.number(),
  mode: v.picklist(["judged", "manual"]),
  /** Units that it needs, its policy's least included. */
  needs: v.number(),
  /** Units of the canary a day; null while traffic is not known. */
  unitsPerDay: nullableNumber,
  /** What comes last; a person also where a judged stage would take longer than its policy allows. */
  waitsFor: v.nullable(v.picklist(["time", "units", "proof", "person"])),
  /** Ms from its begin until it can end, if no harm shows; null where that is not in sight. */
  readyAfterMs: nullableNumber,
});

/** What a change did, or would do. */
export const flagChanged = v.object({
  dryRun: v.boolean(),
  epoch: v.number(),
  before: v.nullable(flagView),
  after: v.nullable(flagView),
  /** Requests a minute that the share after it is; null while traffic is not known. */
  requestsPerMinute: v.nullable(
    v.object({
      canary: v.number(),
      /** `measured` from the flag's own arms, else by the traffic of the last day. */
      basis: v.picklist(["measured", "seen", "at_most"]),
    }),
  ),
  /** Null where nothing is left of it, or no request came in the last day. */
  reach: v.nullable(reach),
  /** From the stage it is at. */
  stagesAhead: v.array(stageAhead),
});

export const killed = v.object({
  dryRun: v.boolean(),
  epoch: v.number(),
  flags: v.array(v.string()),
});

const maxLive = v.pipe(
  v.number("must be a whole number"),
  v.integer("must be a whole number"),
  v.minValue(0, "must be from 0 to 64"),
  v.maxValue(64, "must be from 0 to 64"),
);
const automatic = v.boolean("must be true or false");

/** What is left out stays as it is: nobody unfreezes, or lets the judge act, without saying so. */
export const policyBody = v.strictObject({
  maxLive,
  freezes: v.exactOptional(freezes),
  /** Whether verdicts of the judge are acted on; false where they are only told. */
  automatic: v.exactOptional(automatic),
});
export const policyView = v.object({ maxLive, freezes, automatic, revision: v.number() });

/** A flagd file, flagd.dev/schema/v0/flags.json. */
export const flagdFile = v.looseObject({ flags: v.record(v.string(), v.unknown()) });

export const imported = v.object({
  dryRun: v.boolean(),
  added: v.array(v.string()),
  changed: v.array(v.string()),
  removed: v.array(v.string()),
  kept: v.array(v.string()),
  /** Flags whose targeting cannot be compiled: asked for, they answer PARSE_ERROR. */
  unusable: v.array(v.string()),
  revision: v.number(),
});

export const auditQuery = v.object({
  flag: v.exactOptional(v.string()),
  /** As the entries have it, as in token:3f9c0d1e2b4a. */
  actor: v.exactOptional(v.string()),
  before: v.exactOptional(
    v.pipe(v.string(), v.regex(/^\d{1,15}$/, "must be a whole number"), v.transform(Number)),
  ),
  limit: v.optional(
    v.pipe(
      v.string(),
      v.regex(/^\d{1,3}$/, "must be a whole number from 1 to 500"),
      v.transform(Number),
      v.minValue(1, "must be a whole number from 1 to 500"),
      v.maxValue(500, "must be a whole number from 1 to 500"),
    ),
    "50",
  ),
});
export const auditList = v.object({
  entries: v.array(
    v.object({
      seq: v.number(),
      at: v.string(),
      who: v.string(),
      /** Who it is whatever the name: token:<id>, access:<subject>, secret:AVIARY_ADMIN_TOKEN or judge. */
      actor: v.string(),
      why: v.string(),
      /** Address that it was asked from; empty where the judge asked. */
      from: v.string(),
      action: v.string(),
      target: v.string(),
      outcome: v.string(),
      epoch: v.number(),
      before: v.unknown(),
      after: v.unknown(),
      /** How many earlier lines of this actor the page leaves out, so that others are seen: ask with actor. */
      hidden: v.number(),
    }),
  ),
  /** Requests for paths that there are not, by day and actor: counted, not logged. */
  unknownPaths: v.array(v.object({ day: v.string(), actor: v.string(), requests: v.number() })),
});

const text = v.pipe(v.string(), v.maxLength(1_024, "must be at most 1024 characters"));

const unknownName = `is unknown to targeting, which can be told ${statedNames.join(", ")}`;

function statedEntries() {
  const texts = v.entriesFromList(statedNames, v.exactOptional(text));
  return { ...texts, asn: v.exactOptional(v.number("must be a number")) };
}

/** A request that might come. */
export const planBody = v.strictObject({
  kind: v.picklist(["snippet", "datafile"], "must be snippet or datafile"),
  id: text,
  /** Who asks: from these follows the unit `visitor`. */
  address: v.optional(text, ""),
  userAgent: v.optional(text, ""),
  /** What else targeting reads of a request; a name that no request has is refused. */
  context: v.optional(v.strictObject(statedEntries(), unknownName), {}),
});
export const planView = v.object({
  epoch: v.number(),
  account: v.nullable(v.string()),
  flags: v.array(
    v.object({
      flag: v.string(),
      state: v.picklist(states),
      sharePpm: v.number(),
      arm: v.picklist(["canary", "control", "rest"]),
      /** Why, in a word and in a sentence. */
      reason: v.string(),
      detail: v.string(),
    }),
  ),
  /** Each with what it is without any flag, and the flag that changed it. */
  parameters: v.array(
    v.object({
      name: v.picklist(Object.keys(parameterTable)),
      value: v.unknown(),
      initial: v.unknown(),
      unit: v.string(),
      flag: v.nullable(v.string()),
    }),
  ),
});

export const previewBody = v.strictObject({
  arms: v.pipe(
    v.record(v.string(), v.picklist(["canary", "control", "rest"], "must be an arm")),
    v.check((arms) => Object.keys(arms).length > 0, "must name a flag"),
    v.check((arms) => Object.keys(arms).length <= 16, "must not name more than 16 flags"),
  ),
  minutes: v.optional(
    v.pipe(
      v.number("must be a whole number from 1 to 1440"),
      v.integer("must be a whole number from 1 to 1440"),
      v.minValue(1, "must be a whole number from 1 to 1440"),
      v.maxValue(1_440, "must be a whole number from 1 to 1440: previews live 24 hours at most"),
    ),
    60,
  ),
});
export const previewView = v.object({
  header: v.string(),
  value: v.string(),
  expiresAt: v.string(),
});

export type FlagView = v.InferOutput<typeof flagView>;
export type FlagChangedView = v.InferOutput<typeof flagChanged>;
