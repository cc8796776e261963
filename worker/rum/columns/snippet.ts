// How the snippet came (Resource Timing) and what it did (User Timing, LoAF).
import { both, early, late, sealed, second } from "#rum/column.ts";
import { boolean, bytes, count, integer, ms, oneOf, shaped, signedMs, spelt } from "#rum/kinds.ts";

const status = integer({ unit: "", least: 100, most: 599 });
const coding = oneOf(["br", "zstd", "dcb", "dcz", "gzip", "deflate", "identity", ""]);

/** As Resource Timing spells it. */
const blocking = spelt(
  boolean,
  new Map([
    ["blocking", true],
    ["non-blocking", false],
  ]),
);

/** A version of HTTP, or what else brought a body. */
export const protocol = shaped(
  /^[a-z0-9][a-z0-9./-]{0,15}$/,
  "as ALPN has it, at most 16 characters",
);

/** How a body came that the browser did not fetch from the network just now. */
export const deliveryTypes = ["", "cache", "navigational-prefetch"] as const;

export const snippetFetchColumns = {
  "snippet.fetch_start": sealed(ms, "When the fetch began."),
  "snippet.queue_ms": sealed(ms, "From there to the request, less look-up and connection."),
  "snippet.dns_ms": second(sealed(ms, "Looking up the host.")),
  "snippet.connect_ms": sealed(ms, "Connecting, TLS included."),
  "snippet.tls_ms": second(sealed(ms, "Of that, TLS.")),
  "snippet.ttfb_ms": sealed(ms, "From the request to the first byte."),
  "snippet.download_ms": sealed(ms, "From the first byte to the last."),
  "snippet.response_end": sealed(ms, "When the last byte came."),
  "snippet.transfer_size": early(25, bytes, "0 from the cache, about 300 for a 304."),
  "snippet.encoded_size": early(26, bytes, "Body as it was sent."),
  "snippet.decoded_size": second(early(27, bytes, "Body without its coding.")),
  "snippet.content_encoding": early(28, coding, "Content coding, as the browser saw it."),
  "snippet.http_status": second(early(29, status, "Needs CORS.")),
  "snippet.delivery_type": early(30, oneOf(deliveryTypes), "Whether a cache had it."),
  "network.protocol.version": early(
    31,
    protocol,
    "By which HTTP the snippet came, as `nextHopProtocol` has it, or the request.",
  ),
  "snippet.render_blocking": early(32, blocking, "Whether the first paint waited for it."),
} as const;

export const snippetRunColumns = {
  "snippet.eval_start": early(33, ms, "Its first statement."),
  "snippet.wait_to_exec_ms": sealed(signedMs, "From the last byte to the first statement."),
  "snippet.eval_ms": late(13, ms, "Running in one go, to its last statement."),
  "snippet.compile_ms": second(late(14, ms, "Compiling, as long animation frames tell it.")),
  "snippet.span.config_ms": late(15, ms, "Reading its configuration."),
  "snippet.span.targeting_ms": late(16, ms, "Deciding who is meant."),
  "snippet.span.bucketing_ms": second(late(17, ms, "Choosing variants.")),
  "snippet.span.apply_ms": late(18, ms, "Changing the page."),
  "snippet.async_ms": late(19, ms, "In callbacks after that."),
  "snippet.max_task_ms": second(late(20, ms, "Its longest span.")),
  "snippet.forced_layout_ms": late(
    21,
    ms,
    "Style and layout that it forced in long animation frames.",
  ),
  "snippet.first_change": late(22, ms, "When it first changed the page."),
  "snippet.change_after_fcp_ms": sealed(
    signedMs,
    "From the first paint to the first change, of a load; above 0 the visitor saw the page change.",
  ),
  "snippet.flicker_ms": sealed(
    ms,
    "For how long the visitor saw the page unchanged; 0 where it was changed before its first paint.",
  ),
  "snippet.changes": second(late(23, count, "How many changes it made.")),
  "snippet.error_count": both(11, count, "Uncaught errors of its script."),
} as const;
