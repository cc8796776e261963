// The refusal of a conditional change: what it was made against has moved since.

/** `current` is the revision that the next attempt has to name. */
export type StaleRevision = { readonly reason: "stale_revision"; readonly current: number };
