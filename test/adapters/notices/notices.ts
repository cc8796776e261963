// Notices to test with, made of real verdicts.
import { judge } from "#src/canary/judge.ts";
import { tellingOf, type Notice } from "#src/canary/notice.ts";
import type { Outcome } from "#src/canary/outcome.ts";
import { inputOf, rollout, scene, usual, type Columns } from "../../canary/trials.ts";

const slower: Columns = (at) => {
  const page = usual(at) as { readonly ms: number };
  return { ...page, ms: page.ms * 1.5 };
};

function noticeOf(
  canary: Columns,
  outcome: Outcome,
  over: Parameters<typeof inputOf>[1] = {},
): Notice {
  const input = inputOf(scene({ units: 6_000, control: usual, canary }), over);
  const telling = tellingOf(rollout, judge(input), outcome);
  if (telling === undefined) throw new Error("there is nothing to tell");
  return telling.notice;
}

const done = { outcome: "done", epoch: 12 } as const;

export const rolledBack = noticeOf(slower, done);
export const advised = noticeOf(slower, { outcome: "advised" });
export const advanced = noticeOf(usual, done);
export const mismatched = noticeOf(
  usual,
  { outcome: "none" },
  { assignments: [{ control: 10_000, canary: 8_000 }] },
);
