// The events that the demo's Worker sent to the shop as to any webhook: the latest of each
// kind, for people to look at. Development only: nobody's signature is checked.

export type SeenEvent = Readonly<Record<string, unknown>>;

const kept = 50;

export class SeenEvents {
  // By kind: what the pipeline says of itself comes all the time, and must not drive out pages.
  readonly #events = new Map<string, readonly SeenEvent[]>();

  /** Takes a batch of lines. */
  take(lines: string): readonly SeenEvent[] {
    const came = lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line): SeenEvent => JSON.parse(line) as SeenEvent);
    for (const event of came) {
      const kind = String(event["event.kind"]);
      this.#events.set(kind, [...(this.#events.get(kind) ?? []), event].slice(-kept));
    }
    return came;
  }

  /** Kind by kind, newest last. */
  all(): readonly SeenEvent[] {
    return [...this.#events.values()].flat();
  }
}
