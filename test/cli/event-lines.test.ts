// What npm start tells of events, on a terminal and elsewhere.
import { describe, expect, it } from "vitest";
import { eventLines, type Output } from "../demo/event-lines.ts";
import { SeenEvents } from "../demo/seen-events.ts";

const clock = () => new Date(2026, 10, 25, 8, 0, 0);
const view = { "event.id": "a", "event.kind": "page_view", "snippet.id": "demo", "lcp.value": 640 };
const pipeline = { "event.id": "p", "event.kind": "pipeline" };

function told(terminal: Omit<Output, "write">, everyEvent = false): readonly string[] {
  const written: string[] = [];
  const output = { ...terminal, write: (text: string) => written.push(text) };
  const tell = eventLines(output, { everyEvent, clock });
  tell([view, pipeline]);
  tell(Array.from({ length: 11 }, () => pipeline));
  return written;
}

describe("npm start", () => {
  it("keeps one line of a terminal up to date, however many events come", () => {
    const written = told({ isTTY: true, columns: 120 });
    expect(written).toEqual([
      "\r\u001B[2K  08:00:00  events: 1 page view, 1 pipeline; last demo lcp 640",
      "\r\u001B[2K  08:00:00  events: 1 page view, 12 pipeline; last demo lcp 640",
    ]);
  });

  it("never wraps that line", () => {
    for (const columns of [20, 40, 80]) {
      for (const text of told({ isTTY: true, columns })) {
        expect(text.replace("\r\u001B[2K", "").length).toBeLessThan(columns);
      }
    }
  });

  it("tells nothing of events where there is no terminal", () => {
    expect(told({})).toEqual([]);
  });

  it("tells every event on a line of its own where that is asked for", () => {
    expect(told({}, true)).toHaveLength(13);
    expect(told({ isTTY: true }, true)[0]).toBe(
      "  event a  event.kind=page_view  snippet.id=demo  lcp.value=640\n",
    );
  });
});

describe("the events that are kept", () => {
  it("hold the last page view, however long the pipeline speaks after it", () => {
    const seen = new SeenEvents();
    seen.take(JSON.stringify(view));
    for (let minute = 0; minute < 60; minute += 1) seen.take(JSON.stringify(pipeline));
    expect(seen.all()).toContainEqual(view);
  });
});
