// What the edge answers in a world. Arms, plan, validators and conditional requests are
// production's own, so that no world assumes what it is to show.
import { createHash } from "node:crypto";
import type { Arm } from "#flags/arms.ts";
import { compilePlan, evaluateAll } from "#flags/plan.ts";
import type { Rollout } from "#flags/rollout.ts";
import { isNotModified, type Validators } from "#src/delivery/conditional.ts";
import { Plans } from "#src/adapters/plans.ts";
import { stablePlan, type DeliveryPlan } from "#src/delivery/plan.ts";
import type { DatafilePointer, Pointer, SnippetPointer } from "#src/delivery/pointer.ts";
import type { Digest } from "#src/delivery/representation.ts";
import { validatorsOf } from "#src/delivery/validators.ts";

/** What a client has of an item, and what it sends back: the tag, or a date alone. */
export type Sent = { readonly validators: Validators; readonly isByDate: boolean };

export type Asked = {
  readonly pointer: Pointer;
  /** Units of assignment by name. */
  readonly context: { readonly visitor: string; readonly account: string };
  readonly nowMs: number;
  readonly sent: Sent | undefined;
};

export type Answered = {
  readonly arm: Arm;
  readonly isNotModified: boolean;
  readonly validators: Validators;
  readonly maxAgeS: number;
};

export class Edge {
  readonly #plans = new Plans();
  #plan = compilePlan([]);

  /** What holds from now on. */
  set rollout(rollout: Rollout) {
    this.#plan = compilePlan([rollout]);
  }

  answer({ pointer, context, nowMs, sent }: Asked): Answered {
    const { arms, outcome } = evaluateAll(this.#plan, { context, nowMs });
    const plan = arms.length === 0 ? stablePlan : this.#plans.planFor(outcome);
    const validators = validatorsOf({
      pointer,
      encoding: "br",
      copy: plan.copy,
      ...bodyOf(pointer, plan),
    });
    return {
      arm: arms[0]?.arm ?? "rest",
      isNotModified: sent !== undefined && isNotModified(preconditions(sent), validators),
      validators,
      maxAgeS: plan.parameters.browserMaxAgeS,
    };
  }
}

function preconditions({ validators: { etag, lastModified }, isByDate }: Sent) {
  return {
    ifNoneMatch: isByDate ? null : etag,
    ifModifiedSince: lastModified,
  };
}

function bodyOf(pointer: Pointer, { parameters }: DeliveryPlan) {
  if (pointer.kind === "snippet") {
    const { version } = pointer.content.engine;
    const engine = parameters.engine ?? version;
    return { of: "stable", identity: digestOf(`${pointer.id}@${engine}`) } as const;
  }
  const { body, candidate = body } = pointer.content;
  return parameters.datafile === "candidate"
    ? ({ of: "candidate", identity: candidate.identity.sha256 } as const)
    : ({ of: "stable", identity: body.identity.sha256 } as const);
}

const digests = new Map<string, Digest>();

/** Stands for the bytes of a name: other names, other bytes. */
function digestOf(name: string): Digest {
  const known = digests.get(name) ?? (createHash("sha256").update(name).digest("hex") as Digest);
  digests.set(name, known);
  return known;
}

const common = (id: string, movedAtMs: number) => ({ id, account: id, revision: 1, movedAtMs });

export function snippetOf(id: string, movedAtMs: number): SnippetPointer {
  const identity = { sha256: digestOf(`${id}@1`), bytes: 1 };
  const engine = { version: "1", sha256: digestOf("engine") };
  const content = { payload: digestOf("payload"), engine, composition: { identity } };
  return { ...common(id, movedAtMs), kind: "snippet", content };
}

/** A datafile and its candidate, as they were published at a time. */
export function datafileOf(id: string, movedAtMs: number): DatafilePointer {
  const [body, candidate] = [formOf(`${movedAtMs}/1`), formOf(`${movedAtMs}/2`)];
  const content = { body, candidate, accessTokens: [] };
  return { ...common(id, movedAtMs), kind: "datafile", content };
}

function formOf(name: string) {
  return { identity: { sha256: digestOf(name), bytes: 1 } };
}
