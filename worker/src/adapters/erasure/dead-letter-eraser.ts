// Erases events from the dead letters of one sink: a letter is kept without them, or goes.
import type { DeadLetters } from "#src/adapters/sinks/dead-letters.ts";
import { isEventSought, type Eraser } from "./sought.ts";

const lettersOfStep = 10;

export function deadLetterEraser(sink: string, deadLetters: DeadLetters): Eraser {
  return async (sought, { after, isDry }) => {
    const { letters, more } = await deadLetters.list(sink, { after, most: lettersOfStep });
    const sum = { looked: 0, matched: 0, erased: 0 };
    for (const { key, why } of letters) {
      const batch = await deadLetters.open(key);
      sum.looked += 1;
      if (batch === undefined) continue;
      const left = batch.events.filter(({ event }) => !isEventSought(event, sought));
      const matched = batch.events.length - left.length;
      sum.matched += matched;
      if (isDry || matched === 0) continue;
      await deadLetters.replace(key, { sink, batch: { ...batch, events: left }, why });
      sum.erased += matched;
    }
    return { ...sum, next: more ? (letters.at(-1)?.key ?? null) : null, failure: null };
  };
}
