// What browsers keep of a snippet, and when they ask again: a fresh copy is used as it is,
// with the arm that it was given then; an older one is revalidated with its own validators.
import type { Arm } from "#flags/arms.ts";
import type { Answered, Edge } from "./edge.ts";
import { snippetOf } from "./edge.ts";

/** How a view came by its snippet. */
export type Fetch = "whole" | "revalidated" | "cached";

export type Got = {
  readonly fetch: Fetch;
  readonly arm: Arm;
  /** Of the snapshot that gave the arm. */
  readonly epoch: number;
};

type Copy = Pick<Got, "arm" | "epoch"> & {
  readonly validators: Answered["validators"];
  readonly freshUntilMs: number;
};

type Visit = {
  readonly visitor: string;
  readonly account: string;
  readonly nowMs: number;
  readonly epoch: number;
};

/** Snippets were published a day before anybody looks. */
const publishedMs = 1_700_000_000_000 - 86_400_000;

export class Browsers {
  readonly #edge: Edge;
  readonly #copies = new Map<string, Copy>();
  readonly #snippets = new Map<string, ReturnType<typeof snippetOf>>();

  constructor(edge: Edge) {
    this.#edge = edge;
  }

  /** One view of a page that loads the account's snippet. */
  view({ visitor, account, nowMs, epoch }: Visit): Got {
    const held = this.#copies.get(visitor);
    if (held !== undefined && nowMs < held.freshUntilMs) {
      return { fetch: "cached", arm: held.arm, epoch: held.epoch };
    }
    const { arm, validators, maxAgeS, isNotModified } = this.#edge.answer({
      pointer: this.#snippetOf(account),
      context: { visitor, account },
      nowMs,
      sent: held && { validators: held.validators, isByDate: false },
    });
    this.#copies.set(visitor, { arm, epoch, validators, freshUntilMs: nowMs + maxAgeS * 1_000 });
    return { fetch: isNotModified ? "revalidated" : "whole", arm, epoch };
  }

  #snippetOf(account: string) {
    const known = this.#snippets.get(account) ?? snippetOf(account, publishedMs);
    this.#snippets.set(account, known);
    return known;
  }
}
