// A snippet's revision with what its users need: URLs and the tag to paste.
import type { SnippetView } from "#src/admin/snippet-contract.ts";
import { formatAge, formatTime } from "./format.ts";
import { paint } from "./paint.ts";
import { details, formatSizes, missingRows } from "./details.ts";
import type { Session } from "./session.ts";

type SnippetLinks = {
  /** Follows every publish. */
  readonly url: string;
  /** Exactly this revision's script. */
  readonly immutableUrl: string;
  readonly scriptTag: string;
};

/** `view` with its absolute URLs and script tag. */
export function snippetDocument<V extends SnippetView>(
  view: V,
  { settings }: Pick<Session, "settings">,
): V & SnippetLinks {
  const { cdnOrigin } = settings;
  const immutableUrl = cdnOrigin + view.immutablePath;
  const scriptTag = `<script src="${immutableUrl}" integrity="${view.integrity}" crossorigin="anonymous"></script>`;
  return { ...view, url: cdnOrigin + view.path, immutableUrl, scriptTag };
}

/** The same, for people. */
export function snippetText(view: SnippetView & SnippetLinks, { nowMs }: Session): string {
  const rows = details([
    ["account", view.account],
    ["engine", view.engine],
    ["beacon", beaconText(view.beacon)],
    ["published", `${formatTime(view.publishedAt)} (${formatAge(view.publishedAt, nowMs)})`],
    ["sizes", formatSizes(view.bytes)],
    ...missingRows(view.missingCodings),
    ["URL", paint("cyan", view.url)],
    ["immutable", paint("cyan", view.immutableUrl)],
    ...(view.withdrawn.length === 0 ? [] : [["withdrawn", view.withdrawn.join(", ")] as const]),
  ]);
  const title = paint("dim", "For a page that pins exactly this script:");
  return `${rows}\n\n  ${title}\n  ${view.scriptTag}`;
}

function beaconText(beacon: SnippetView["beacon"]): string {
  if (beacon === null) return "none chosen";
  if (beacon === "off") return "off";
  const rate = beacon.sampleRate === 0 ? "nobody is measured" : `1 in ${beacon.sampleRate}`;
  const always = beacon.earlyAlways ? ", early message of every view" : "";
  return `${beacon.version}, ${rate}${always}${beacon.inlineCollector ? ", collector inlined" : ""}`;
}
