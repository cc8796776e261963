// The outcomes that sinks share.
import type { Posted } from "./post.ts";
import type { SinkEvent, SinkOutcome } from "./sink.ts";

export const allTaken: SinkOutcome = { outcome: "taken", retry: [], refused: [] };

/** All of `events` refused for one reason. */
export function allRefused(events: readonly SinkEvent[], why: string): SinkOutcome {
  return { outcome: "taken", retry: [], refused: events.map(({ seq }) => ({ seq, why })) };
}

/** What an answer means where a 2xx says that everything was taken. */
export function outcomeOf(posted: Posted, events: readonly SinkEvent[]): SinkOutcome {
  switch (posted.answer) {
    case "accepted":
      return allTaken;
    case "refused":
      return allRefused(events, posted.why);
    case "failed": {
      const { answer: _, ...rest } = posted;
      return { outcome: "failed", ...rest };
    }
  }
}
