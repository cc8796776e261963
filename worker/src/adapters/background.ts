// Work that outlives the answer.

/** The part of an execution context or an object's state that keeps work alive. */
export type Background = { waitUntil(work: Promise<unknown>): void };
