// Where people are told what became of a ramp. A channel sends one notice and says what came
// of it; when to try again is the outbox's business.
import { post, type Post, type PostDependencies, type Posted } from "#src/adapters/sinks/post.ts";
import type { Notice } from "#src/canary/notice.ts";

/** A notice on its way. */
export type Outgoing = {
  /** The same however often it is sent. */
  readonly id: string;
  readonly notice: Notice;
};

export type Channel = {
  readonly name: "webhook" | "slack" | "pagerduty";
  /** Never rejects. */
  readonly send: (outgoing: Outgoing) => Promise<Posted>;
};

/** A channel that posts JSON. */
export function jsonChannel(
  name: Channel["name"],
  request: (outgoing: Outgoing) => Promise<Omit<Post, "refusing">> | Omit<Post, "refusing">,
  dependencies: PostDependencies,
): Channel {
  return { name, send: async (outgoing) => post(await request(outgoing), dependencies) };
}

export const jsonHeaders = { "content-type": "application/json" } as const;
