// What must hold after any chaos, and what does not.
import type { ChaosResult } from "./run-chaos.ts";

/** One line for each law that is broken; none where all hold. */
export function faultsOf({ sinks, shards, answered, kills }: ChaosResult): readonly string[] {
  const faults: string[] = [];
  const law = (holds: boolean, broken: string): void => {
    if (!holds) faults.push(broken);
  };
  law(sinks.length === 2, `${sinks.length} sinks got anything, not 2`);
  for (const sink of sinks) {
    law(sink.lost === 0, `${sink.name}: ${sink.lost} beacons that were answered are in no event`);
    law(sink.doubled === 0, `${sink.name}: ${sink.doubled} beacons are in two events`);
    law(sink.differing === 0, `${sink.name}: ${sink.differing} events came again as another`);
    law(sink.mostCopies <= 2, `${sink.name}: an event came ${sink.mostCopies} times`);
    law(kills > 0 || sink.repeated === 0, `${sink.name}: ${sink.repeated} events came again`);
  }
  let taken = 0;
  for (const { shard, counts, openBeacons, sinks: lanes } of shards) {
    const { duplicate, sealed, both, earlyOnly, lateOnly, update, delivery, pipeline } = counts;
    taken += counts.taken;
    const kept = duplicate + openBeacons + sealed;
    law(counts.taken === kept, `${shard}: ${counts.taken} beacons taken, ${kept} accounted for`);
    for (const lane of lanes) {
      const { name, events, exported, waiting, parked } = lane;
      const sum = exported + waiting + parked;
      law(waiting === 0, `${shard}: ${waiting} events still wait for ${name}`);
      law(events === sum, `${shard}: ${events} events, ${sum} accounted for at ${name}`);
      const made = both + earlyOnly + lateOnly + update + delivery + pipeline;
      law(events === made, `${shard}: ${made} events made, ${events} meant for ${name}`);
    }
  }
  law(taken >= answered, `${taken} beacons taken, but ${answered} answered`);
  return faults;
}
