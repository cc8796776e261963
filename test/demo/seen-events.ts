// The events that the demo's Worker sent to the shop as to any webhook: the latest, for
// people to look at. Development only: nobody's signature is checked.

export type SeenEvent = Readonly<Record<string, unknown>>;

const kept = 50;

export class SeenEvents {
  #events: readonly SeenEvent[] = [];

  /** Takes a batch of lines. */
  take(lines: string): readonly SeenEvent[] {
    const came = lines
      .split("\n")
      .filter((line) => line !== "")
      .map((line): SeenEvent => JSON.parse(line) as SeenEvent);
    this.#events = [...this.#events, ...came].slice(-kept);
    return came;
  }

  /** Newest last. */
  all(): readonly SeenEvent[] {
    return this.#events;
  }
}

/** One line for a person. */
export function lineOf(event: SeenEvent): string {
  const names = ["event.kind", "stitch.state", "snippet.id", "lcp.value", "inp.value", "cls.value"];
  const told = names.flatMap((name) => {
    const value = event[name];
    const isPlain = typeof value === "string" || typeof value === "number";
    return isPlain ? [`${name}=${value}`] : [];
  });
  return `  event ${String(event["event.id"])}  ${told.join("  ")}`;
}
