// What stands for a sink that events cannot go to, so that they are still there when they can.
import { allRefused } from "./outcome.ts";
import type { Sink } from "./sink.ts";

const most = { events: 1_000, bytes: 1_000_000 } as const;

/** For one whose settings are wrong: its events wait, and are parked once that took too long. */
export function unusableSink(name: string, problems: readonly string[]): Sink {
  const why = `its settings are wrong: ${problems.join("; ")}`;
  const send: Sink["send"] = () => Promise.resolve({ outcome: "failed", why });
  return { name, most: { ...most, ageMs: 1_000 }, send };
}

/** For one that an operator took away: what waited for it is parked at once. */
export function removedSink(name: string): Sink {
  const why = "the sink is not in SINKS any more";
  const send: Sink["send"] = ({ events }) => Promise.resolve(allRefused(events, why));
  return { name, most: { ...most, ageMs: 0 }, send };
}
