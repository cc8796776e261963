// Which sinks wait, as the flags' snapshot says. A shard asks at every tick and cannot
// wait for the answer.
import type { Background } from "#src/adapters/background.ts";
import type { Snapshots } from "#src/adapters/snapshots.ts";

type Surroundings = { readonly now: () => number; readonly background: Background };

/** Tells of a sink whether it waits: true until a first answer came or did not. */
export function pausesFrom(
  snapshots: Pick<Snapshots, "current">,
  { now, background }: Surroundings,
): (name: string) => boolean {
  let known: readonly string[] | undefined;
  return (name) => {
    const held = snapshots.current({ nowMs: now(), background });
    if (!(held instanceof Promise)) known = held.snapshot.pausedSinks;
    // Before anybody has said so, a sink that was told to wait must not be sent to.
    return known?.includes(name) ?? true;
  };
}
