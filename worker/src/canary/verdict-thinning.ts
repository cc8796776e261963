// Which stored verdicts may go. Those that moved a rollout stay for good, the turning points
// for long, and what only repeats them ever more thinly the older it gets.

/** What is known of a stored verdict without reading it. */
export type VerdictMark = {
  readonly seq: number;
  readonly atMs: number;
  /** Something was done because of it, or is being asked for. */
  readonly moved: boolean;
  /** It says another thing than the one before it. */
  readonly turned: boolean;
};

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const mostTurns = 400;
const longestMs = 30 * 24 * hourMs;

/**
 * The `seq` of those that may go: what is left is bounded by some 1,300 and the moves, of
 * which a rollout has few. @param marks in the order of their time.
 */
export function expendable(marks: readonly VerdictMark[], nowMs: number): readonly number[] {
  const turns = new Set(
    marks
      .filter(({ turned }) => turned)
      .slice(-mostTurns)
      .map(({ seq }) => seq),
  );
  const slots = new Set<string>();
  const gone: number[] = [];
  for (const { seq, atMs, moved } of marks) {
    const slot = slotOf(atMs, nowMs);
    const isFirst = slot !== undefined && !slots.has(slot);
    if (slot !== undefined) slots.add(slot);
    if (!moved && !turns.has(seq) && !isFirst) gone.push(seq);
  }
  return gone;
}

/** Of every slot one stays: seconds of the last minute, minutes of the last hour, then hours. */
function slotOf(atMs: number, nowMs: number): string | undefined {
  const ageMs = nowMs - atMs;
  if (ageMs > longestMs) return undefined;
  if (ageMs > hourMs) return `h${Math.floor(atMs / hourMs)}`;
  if (ageMs > minuteMs) return `m${Math.floor(atMs / minuteMs)}`;
  return `s${Math.floor(atMs / 1_000)}`;
}
