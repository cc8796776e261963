// The tree of commands.
import type { Group } from "../action.ts";
import { accountGroup } from "./account.ts";
import { audit } from "./audit.ts";
import { beacon } from "./beacon.ts";
import { datafile } from "./datafile.ts";
import { engine } from "./engine.ts";
import { erase } from "./erase.ts";
import { flag } from "./flag.ts";
import { guardrails } from "./guardrails.ts";
import { kill } from "./kill.ts";
import { moves, ramp } from "./moves.ts";
import { pipeline } from "./pipeline.ts";
import { plan } from "./plan.ts";
import { policy } from "./policy.ts";
import { preview } from "./preview.ts";
import { shards } from "./shards.ts";
import { sinks } from "./sinks.ts";
import { snippet } from "./snippet.ts";
import { status } from "./status.ts";
import { token } from "./token.ts";
import { verdict, verdicts } from "./verdict.ts";
import { watch } from "./watch.ts";

export const root: Group = {
  meta: {
    name: "aviary",
    description: "Publishes to Aviary, and puts changes of its deliveries on a share of traffic",
  },
  subCommands: {
    engine,
    beacon,
    snippet,
    datafile,
    account: accountGroup,
    flag,
    ramp,
    ...moves,
    kill,
    plan,
    preview,
    watch,
    verdict,
    verdicts,
    guardrails,
    audit,
    policy,
    sinks,
    erase,
    token,
    status,
    pipeline,
    shards,
  },
};
