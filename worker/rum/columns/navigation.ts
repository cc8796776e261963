// How the page itself came (Navigation Timing).
import { early, late, sealed, second } from "#rum/column.ts";
import { bytes, listOf, ms, oneOf, text } from "#rum/kinds.ts";
import { deliveryTypes } from "./snippet.ts";

export const navigationColumns = {
  "nav.redirect_ms": sealed(
    ms,
    "Redirects of the same origin; absent where there were none, or none that is told.",
  ),
  "nav.dns_ms": second(sealed(ms, "Looking up the host.")),
  "nav.connect_ms": sealed(ms, "Connecting, TLS included."),
  "ttfb.value": early(34, ms, "Time to the first byte, since the activation."),
  "nav.first_interim": second(late(25, ms, "When the first interim answer came, as 103.")),
  "nav.download_ms": second(sealed(ms, "From the first byte to the last.")),
  "nav.dom_interactive": second(late(26, ms, "When the document was parsed.")),
  "nav.dcl_end": late(27, ms, "When `DOMContentLoaded` was over."),
  "nav.load_end": late(28, ms, "When `load` was over; absent where it never was."),
  "nav.transfer_size": second(
    late(29, bytes, "Of the document; absent where the browser does not tell its size."),
  ),
  "nav.delivery_type": second(late(30, oneOf(deliveryTypes), "Whether a cache had the document.")),
  "nav.server_timing": second(
    late(31, listOf(text(64), 3), "The document's own `Server-Timing`: `name;dur`."),
  ),
  "nav.activation_start": early(35, ms, "Above 0 the page was prerendered."),
  "nav.confidence": early(
    36,
    oneOf(["high", "low"]),
    "Whether timings are trusted to be typical of the machine (noised by the browser).",
  ),
} as const;
