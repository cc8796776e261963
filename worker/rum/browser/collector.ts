// The collector: loaded in page views that are measured, once the early beacon is on
// its way. Watches what the page does to its visitor and who does it, and hands all
// of it to the server when the page is hidden.
import { lateSessionId } from "#rum/positions.ts";
import { readToken } from "./arms.ts";
import { countTracked } from "./engine.ts";
import { countErrors } from "./errors.ts";
import { guarded, listen } from "./guard.ts";
import type { Handover } from "./handover.ts";
import { watchInteractions } from "./interactions.ts";
import { live } from "./lifecycle.ts";
import { watchMainThread } from "./main-thread.ts";
import { watchNeighbours } from "./neighbours.ts";
import { countInteractions } from "./page.ts";
import { beginView } from "./page-view.ts";
import { sessionOf } from "./session.ts";
import { watchVisibility } from "./visibility.ts";

const start = guarded((handover: Handover): void => {
  const [, items, source, early] = handover;
  // Nobody has seen the page yet, or the early part failed: then there is no view.
  if (!early[0]) return;
  early[lateSessionId] = sessionOf(handover[0], early);
  beginView(0, early);
  listen("securitypolicyviolation", (event) => {
    if (items.length < 500) items.push(event);
  });
  countErrors();
  countTracked();
  countInteractions();
  watchVisibility();
  watchMainThread(source);
  watchNeighbours(source);
  watchInteractions();
  live(handover);
  // Last: a page may have no fetch.
  readToken(source, early);
});

guarded((): void => {
  const script = document.currentScript as HTMLScriptElement;
  const handover = script.view;
  if (!handover) return;
  const soon = (): void => void setTimeout(start, 0, handover);
  if (document.prerendering) document.addEventListener("prerenderingchange", soon);
  // Inlined, it stands before the engine, and lets it run first.
  else if (typeof handover[0].collector === "string") start(handover);
  else soon();
  if (script.src !== handover[2]) script.remove();
})();
