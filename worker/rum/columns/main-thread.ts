// What kept the main thread busy (Long Tasks, Long Animation Frames), and with whom
// the snippet shared the page.
import { early, late, second, server } from "#rum/column.ts";
import { bytes, count, label, listOf, ms } from "#rum/kinds.ts";

export const mainThreadColumns = {
  "longtask.count": second(late(51, count, "Tasks over 50 ms.")),
  "longtask.total_ms": late(52, ms, "Their time."),
  "tbt.value": late(
    53,
    ms,
    "Total Blocking Time: what exceeds 50 ms of each task, from FCP to load.",
  ),
  "loaf.count": late(54, count, "Animation frames over 50 ms."),
  "loaf.max_ms": second(late(55, ms, "The longest.")),
  "loaf.blocking_ms": late(56, ms, "Their `blockingDuration`."),
  "loaf.script_ms": late(57, ms, "Scripts in them."),
  "loaf.style_layout_ms": second(late(58, ms, "Style and layout in them.")),
  "loaf.own_ms": late(59, ms, "The snippet's scripts in them."),
} as const;

const entity = label;

export const thirdPartyColumns = {
  "tp.entities": server(listOf(entity, 20), "Third parties on the page, by the hosts seen."),
  "tp.entity_count": second(server(count, "How many third parties.")),
  "tp.script_count": late(61, count, "Their scripts."),
  "tp.opaque_count": late(62, count, "Their resources that do not tell a size."),
  "tp.bytes": late(63, bytes, "What they fetched, of those that tell; absent where none does."),
  "tp.blocking_scripts": late(64, count, "Scripts of theirs that the first paint waited for."),
  "tp.before_snippet": early(37, count, "Scripts that had come before the snippet ran."),
  "tp.block.1.entity": server(entity, "Who ran longest in long animation frames."),
  "tp.block.1.ms": server(ms, "For how long."),
  "tp.block.2.entity": server(entity, "Who came second."),
  "tp.block.2.ms": server(ms, "For how long."),
  "tp.block.3.entity": second(server(entity, "Who came third.")),
  "tp.block.3.ms": second(server(ms, "For how long.")),
  "tp.size.1.entity": server(entity, "Who fetched most."),
  "tp.size.1.bytes": server(bytes, "How much."),
  "tp.size.2.entity": second(server(entity, "Who came second.")),
  "tp.size.2.bytes": second(server(bytes, "How much.")),
  "tp.size.3.entity": second(server(entity, "Who came third.")),
  "tp.size.3.bytes": second(server(bytes, "How much.")),
} as const;
