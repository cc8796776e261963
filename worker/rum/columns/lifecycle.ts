// What went wrong on the page, and how its view began and ended.
import { early, late, second } from "#rum/column.ts";
import { boolean, count, host, label, listOf, oneOf, tabMs, text } from "#rum/kinds.ts";

const visibilities = ["visible", "hidden", "prerender"] as const;
const ends = ["hidden", "pagehide", "timeout", "soft-nav", "fetchlater"] as const;

export const errorColumns = {
  "error.count": late(67, count, "Uncaught errors."),
  "rejection.count": second(late(68, count, "Unhandled rejections.")),
  "exception.type": late(69, label, "Name of the first error's class."),
  "exception.first_host": second(late(70, host, "Whose script threw it.")),
  "exception.message_hash": second(
    late(71, label, "Hash of its message, digits left out; never the message."),
  ),
  "csp.violations": late(72, count, "`securitypolicyviolation` events."),
} as const;

export const lifecycleColumns = {
  "page.visibility_at_start": early(48, oneOf(visibilities), "When the view began."),
  "page.first_hidden": late(73, tabMs, "When it was first hidden; absent where it never was."),
  "page.visible_ms": late(74, tabMs, "How long it was visible."),
  "page.end_at": late(75, tabMs, "When the last late beacon was made."),
  "page.end_reason": late(
    76,
    oneOf(ends),
    "Why it was made; after `timeout`, INP and CLS are cut off.",
  ),
  "page.bfcache_restores": second(late(77, count, "Returns from the bfcache before this view.")),
  "page.not_restored_reasons": second(
    late(78, listOf(text(64), 10), "Why the bfcache did not keep the page."),
  ),
  "resource.count": late(79, count, "Entries of Resource Timing."),
  "resource.buffer_full": second(late(80, boolean, "Whether its buffer ran over.")),
} as const;
