// What the visitor saw and felt: the Core Web Vitals and what they are made of.
import { late, second } from "#rum/column.ts";
import { count, host, ms, number, oneOf, selector } from "#rum/kinds.ts";

const score = number({ unit: "score", least: 0, most: 100 });

export const vitalColumns = {
  "fcp.value": late(32, ms, "First Contentful Paint, since the activation."),
  "lcp.value": late(33, ms, "Largest Contentful Paint, since the activation."),
  "lcp.resource_load_delay": late(
    34,
    ms,
    "From the first byte to the fetch of its resource; absent where it has none.",
  ),
  "lcp.resource_load_duration": late(35, ms, "Fetching its resource; absent where it has none."),
  "lcp.element_render_delay": late(
    36,
    ms,
    "From there, or from the first byte where there is no resource, to its paint.",
  ),
  "lcp.element": late(37, selector, "Which element it was."),
  "lcp.url_domain": second(late(38, host, "Whose resource it was.")),
  "cls.value": late(39, score, "Cumulative Layout Shift: the worst session window."),
  "cls.largest_shift_target": second(late(40, selector, "What shifted most.")),
  "cls.largest_shift_time": second(late(41, ms, "When it did.")),
  "inp.value": late(42, ms, "Interaction to Next Paint, at the 98th percentile."),
  "inp.input_delay": late(43, ms, "Of it, waiting for the main thread."),
  "inp.processing_duration": late(44, ms, "Of it, event handlers."),
  "inp.presentation_delay": late(45, ms, "Of it, from the handlers to the paint."),
  "inp.interaction_target": late(46, selector, "What was touched."),
  "inp.interaction_type": second(late(47, oneOf(["pointer", "keyboard"]), "How it was touched.")),
  "inp.longest_script_host": late(48, host, "Whose script ran longest meanwhile."),
  "inp.longest_script_ms": late(49, ms, "How long it ran."),
  "interaction.count": late(50, count, "Interactions of the view."),
} as const;
