// The two arms of a trial side by side.

/** The same of either arm. */
export type Arms<T> = { readonly control: T; readonly canary: T };
