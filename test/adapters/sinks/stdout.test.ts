import { expect, it } from "vitest";
import { stdoutSink } from "#src/adapters/sinks/stdout.ts";
import { batchOf } from "./events.ts";

it("prints each event as one line of JSON", async () => {
  const lines: string[] = [];
  const sink = stdoutSink({ name: "stdout" }, (line) => lines.push(line));
  const batch = batchOf(2);
  expect(await sink.send(batch)).toEqual({ outcome: "taken", retry: [], refused: [] });
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual(
    batch.events.map(({ event }) => event),
  );
  expect(lines.join("")).not.toContain("\n");
});
