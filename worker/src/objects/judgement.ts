// One look at a flag: load, let the judge decide, note it, and have the Registry take the
// step. What was asked for is noted before it is asked, so that a crash in between is made
// good by looking at what the rollout has become.
import type { FlagRegistryRpc } from "#src/adapters/flag-registry.ts";
import type { Report } from "#src/adapters/report.ts";
import { assignmentsOf, edgeBucketsOf } from "#src/canary/assignments.ts";
import { judge, type Verdict } from "#src/canary/judge.ts";
import { sharpened } from "#src/canary/judge-guardrail.ts";
import { tellingOf } from "#src/canary/notice.ts";
import {
  outcomeSeen,
  refusedAgain,
  stepNow,
  type Outcome,
  type Refused,
} from "#src/canary/outcome.ts";
import { sentencesFor } from "#src/canary/sentences.ts";
import { verdictInput, type VerdictInput } from "#src/canary/verdict-input.ts";
import type { ArmCountTable } from "./arm-count-table.ts";
import type { EvidenceTable } from "./evidence-table.ts";
import { heldTrial, type HeldTrial } from "./held-trial.ts";
import type { NoticeOutbox } from "./notice-outbox.ts";
import type { VerdictLog } from "./verdict-log.ts";

export type JudgementDependencies = {
  readonly storage: DurableObjectStorage;
  readonly registry: () => Pick<FlagRegistryRpc, "onTrial" | "changeFlag">;
  readonly counts: ArmCountTable;
  readonly evidence: EvidenceTable;
  readonly verdicts: VerdictLog;
  readonly notices: NoticeOutbox;
  readonly report: Report;
  readonly now: () => number;
};

/** Who moves a flag, as the audit log shows it. */
const who = "judge";
const longestWhy = 500;

/** Somebody may change a flag again and again while the judge wants to take it back. */
const mostRounds = 5;

export class Judgement {
  readonly #deps: JudgementDependencies;
  #refused: Refused | undefined;

  constructor(dependencies: JudgementDependencies) {
    this.#deps = dependencies;
  }

  /** The flag as the Registry tells it now; undefined where there is none. */
  async trial(flag: string, code: string): Promise<HeldTrial | undefined> {
    return heldTrial(await this.#deps.registry().onTrial(flag, code), this.#deps.report);
  }

  /** What a verdict of this moment is computed from. */
  input({ rollout, strata, shares, policy, trial: { kind } }: HeldTrial): VerdictInput {
    const evidence = this.#deps.evidence.of(rollout);
    const units = shares.map((_, at) => ({
      control: evidence.units[at * 2] ?? 0,
      canary: evidence.units[at * 2 + 1] ?? 0,
    }));
    const { attempt } = rollout;
    const counts = this.#deps.counts.all();
    const assignments = assignmentsOf({ counts, kind, attempt, shares, units });
    const edge = edgeBucketsOf(this.#deps.counts.buckets(attempt), { attempt, kind });
    const nowMs = this.#deps.now();
    const facts = { evidence, rollout, strata, assignments, edge, policy, nowMs };
    return sharpened(verdictInput(facts));
  }

  /** Judges, and acts where it may. False where nothing is on trial any more. */
  async look(flag: string, code: string): Promise<boolean> {
    for (let round = 1; ; round += 1) {
      const held = await this.trial(flag, code);
      this.#makeGood(held);
      if (!held?.isLive) return false;
      const input = this.input(held);
      const verdict = judge(input);
      const isUnchanged = this.#refused?.revision === held.rollout.revision;
      const refused = isUnchanged ? this.#refused : undefined;
      const wanted = stepNow(verdict, { isAutomatic: held.isAutomatic, refused });
      if ("outcome" in wanted) {
        this.#note(verdict, input, wanted);
        return true;
      }
      const seq = this.#note(verdict, input, { outcome: "asked" });
      const outcome = await this.#take(held, verdict, wanted.take);
      this.#settle(seq, { verdict, input }, outcome);
      // A rollout that has moved meanwhile is another one: look again.
      const isStale = outcome.outcome === "refused" && outcome.why === "stale_revision";
      if (!isStale || round >= mostRounds) return true;
    }
  }

  async #take(
    { rollout }: HeldTrial,
    verdict: Verdict,
    step: NonNullable<Verdict["step"]>,
  ): Promise<Outcome> {
    const changed = await this.#deps.registry().changeFlag({
      flag: rollout.flag,
      command: { kind: "move", action: { kind: step } },
      expected: rollout.revision,
      dryRun: false,
      author: { who, why: sentencesFor(verdict).join(" ").slice(0, longestWhy) },
    });
    if (changed.ok) {
      this.#refused = undefined;
      return { outcome: "done", epoch: changed.value.epoch };
    }
    const why = changed.error.reason;
    if (why !== "stale_revision") {
      const { revision } = rollout;
      this.#refused = refusedAgain(this.#refused, { revision, step, why, atMs: verdict.atMs });
    }
    return { outcome: "refused", why };
  }

  #note(verdict: Verdict, input: VerdictInput, outcome: Outcome): number {
    return this.#deps.storage.transactionSync(() => {
      const seq = this.#deps.verdicts.add({ verdict, input, outcome });
      this.#tell(verdict, input, outcome);
      return seq;
    });
  }

  #settle(
    seq: number,
    { verdict, input }: { readonly verdict: Verdict; readonly input: VerdictInput },
    outcome: Outcome,
  ): void {
    this.#deps.storage.transactionSync(() => {
      this.#deps.verdicts.settle(seq, outcome);
      this.#tell(verdict, input, outcome);
    });
  }

  #tell(verdict: Verdict, input: VerdictInput, outcome: Outcome): void {
    // Who moved the flag instead knows of it.
    if (outcome.outcome === "refused" && outcome.why === "stale_revision") return;
    const telling = tellingOf(input.rollout, verdict, outcome);
    if (telling !== undefined) this.#deps.notices.put(telling);
  }

  /** Notes what came of a step whose answer never arrived. */
  #makeGood(held: HeldTrial | undefined): void {
    const { verdicts } = this.#deps;
    const latest = verdicts.latest();
    if (latest?.outcome.outcome !== "asked") return;
    const stored = verdicts.get(latest.seq);
    if (stored === null) return;
    const { verdict, input } = stored;
    const asked = { step: verdict.step, asked: input.rollout };
    const seen = held && outcomeSeen(asked, held.rollout, held.epoch);
    this.#settle(latest.seq, stored, seen ?? { outcome: "refused", why: "no_answer" });
  }
}
