// A datafile's revision with what the developer of an SDK client needs.
import type { DatafileView } from "#src/admin/contract.ts";
import { details, formatSizes, missingRows } from "./details.ts";
import { formatAge, formatTime } from "./format.ts";
import { paint } from "./paint.ts";
import type { Session } from "./session.ts";

type DatafileLinks = {
  readonly url: string;
  /** What Optimizely's SDKs take; they put the SDK key in for `%s`. */
  readonly urlTemplate: string;
};

/** `view` with its absolute URL and the SDK's template. */
export function datafileDocument<V extends DatafileView>(
  view: V,
  { settings }: Pick<Session, "settings">,
): V & DatafileLinks {
  const folder = view.path.slice(0, view.path.lastIndexOf("/"));
  const { cdnOrigin } = settings;
  return { ...view, url: cdnOrigin + view.path, urlTemplate: `${cdnOrigin}${folder}/%s.json` };
}

/** The same, for people. */
export function datafileText(view: DatafileView & DatafileLinks, { nowMs }: Session): string {
  const rows = details([
    ["account", view.account],
    ["published", `${formatTime(view.publishedAt)} (${formatAge(view.publishedAt, nowMs)})`],
    ["sizes", formatSizes(view.bytes)],
    ...missingRows(view.missingCodings),
    ["access", accessOf(view)],
    ["URL", paint("cyan", view.url)],
    ["urlTemplate", paint("cyan", view.urlTemplate)],
  ]);
  const token = view.private ? ', datafileAccessToken: "…"' : "";
  const sdk = `createPollingProjectConfigManager({ sdkKey: "${view.id}", urlTemplate: "${view.urlTemplate}"${token} })`;
  return `${rows}\n\n  ${paint("dim", "For Optimizely's SDK:")}\n  ${sdk}`;
}

/** Who may read it. */
function accessOf(view: DatafileView): string {
  return view.private ? "private, with an access token" : "public";
}
