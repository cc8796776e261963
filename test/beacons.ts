// Beacons for tests: published through the control API, and sent as pages send them.
import type { Received } from "#rum/stitch.ts";
import type { Windows } from "#src/adapters/windows.ts";
import { publish } from "./isolate.ts";

/** Publishes a beacon whose scripts say which version they are of. */
export async function publishBeacon(version: string): Promise<unknown> {
  const early = `self.early = ${JSON.stringify(version)};`;
  const collector = `self.collector = ${JSON.stringify(version)};`;
  return publish(`/beacons/${version}`, JSON.stringify({ early, collector }));
}

type Recorder = { readonly windows: Windows; readonly received: Received[] };

/** Windows that note what they are given, and answer as `answer` says. */
export function recorder(
  answer: Awaited<ReturnType<Windows["take"]>> = { ok: true, value: "taken" },
): Recorder {
  const received: Received[] = [];
  const windows: Windows = {
    async take(beacon) {
      received.push(beacon);
      return answer;
    },
  };
  return { windows, received };
}
