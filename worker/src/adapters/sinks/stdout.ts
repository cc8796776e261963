// Prints each event as one line of JSON, for development. Takes everything.
import { allTaken } from "./outcome.ts";
import type { Sink } from "./sink.ts";

export type StdoutConfig = { readonly name: string };

/** A sink that calls `print` with one line for each event. */
export function stdoutSink({ name }: StdoutConfig, print: (line: string) => void): Sink {
  return {
    name,
    most: { events: 1_000, bytes: 1_000_000, ageMs: 0 },
    send: ({ events }) => {
      for (const { event } of events) print(JSON.stringify(event));
      return Promise.resolve(allTaken);
    },
  };
}
