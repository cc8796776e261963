// How the command ends, as numbers that a script can rely on.

export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  refused: 3,
  conflict: 4,
  unavailable: 5,
  interrupted: 130,
} as const;

export type FailureKind = Exclude<keyof typeof exitCodes, "ok">;

/** What each code means, for the help. */
export const exitCodeMeanings: Readonly<Record<keyof typeof exitCodes, string>> = {
  ok: "done, or already so",
  unexpected: "something the command did not expect; a bug, most likely",
  usage: "a wrong command, option, value or local file; nothing was sent",
  refused: "the server refused it (4xx): token, scope, unknown id, bad content",
  conflict: "somebody else was there first (409, 412)",
  unavailable: "no answer, or the server failed (5xx), after several attempts",
  interrupted: "stopped by Ctrl-C or a signal",
};
