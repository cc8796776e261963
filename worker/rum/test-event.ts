// An event that says of itself that it is a test, to see whether a sink takes one.
import { schemaVersion } from "./columns.ts";
import type { WideEvent } from "./wide-event.ts";

/**
 * A marked page view.
 *
 * @param viewId 32 hexadecimal digits that no page view has.
 */
export function testEvent(viewId: string, nowMs: number): WideEvent {
  const at = new Date(nowMs).toISOString();
  return {
    "event.id": `${viewId}-0-0`,
    "event.kind": "page_view",
    "event.at": at,
    "schema.version": schemaVersion,
    "service.name": "aviary",
    "pv.id": viewId,
    "pv.index": 0,
    "pv.sample_rate": 1,
    "url.domain": "test.aviary.invalid",
    "stitch.state": "early_only",
    "stitch.early_at": at,
    "user_agent.synthetic.type": "test",
    "x.mark.aviary_test": true,
  };
}
