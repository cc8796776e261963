// Reads a shard's log back into memory. What a row decided stands: events are made
// again of the beacons that it names, and only beacons that no row sealed are stitched.
import { sealAfterMs, type Sealed } from "#rum/stitch.ts";
import { wideEvent } from "#rum/wide-event.ts";
import {
  noteClosing,
  type ClosingsByGeneration,
  type Remembered,
} from "#rum/window/closed-views.ts";
import { decodeEvents, decodeReceived, type Taken, type Written } from "#rum/window/codec.ts";
import type { LogRows } from "#rum/window/log-rows.ts";
import type { Outbox } from "#rum/window/outbox.ts";
import {
  mostEarlierMs,
  timeInRow,
  Views,
  type Decision,
  type Logged,
  type Place,
} from "#rum/window/views.ts";
import { reportToLog } from "#src/adapters/report.ts";
import { stateFrom, type ShardState } from "./shard-state.ts";
import type { LogRow, WindowLog } from "./window-log.ts";

type Restoring = {
  readonly log: WindowLog;
  readonly state: ShardState;
  readonly rows: LogRows;
  readonly outbox: Outbox;
};

type Restored = {
  readonly views: Views;
  readonly row: number;
  readonly atMs: number;
  /** What is sealed now and was not before: a later version may see it so. */
  readonly decisions: readonly Decision[];
  /** What the rows closed, which may not have been written down yet, by generation. */
  readonly closings: ClosingsByGeneration;
};

type ReadRow = Pick<LogRow, "slot" | "row" | "atMs" | "events"> & {
  readonly beaconList: readonly Taken[];
  readonly closed: Remembered;
};

/** Fills `rows` and `outbox`. */
export function restore({ log, state, rows, outbox }: Restoring): Restored {
  const views = new Views();
  for (const { sinceMs, closings } of log.closings()) {
    for (const [key, bits] of closings) views.closed.add(key, bits, sinceMs);
  }
  const read = log.rows(state.keepFrom).map((each): ReadRow => {
    const { slot, row, atMs, events } = each;
    const { closed } = stateFrom(each.state);
    return { slot, row, atMs, events, closed, beaconList: decodeReceived(each.beacons) };
  });
  const byRow = new Map(read.map((each) => [each.row, each]));
  const needs = new Map<number, number>();
  const need = (row: number): void => void needs.set(row, (needs.get(row) ?? 0) + 1);

  const sealed = new Set<string>();
  const closings: ClosingsByGeneration = new Map();
  for (const row of read) {
    const { firstSeq, events } = decodeEvents(row.events);
    for (const [at, event] of events.entries()) {
      for (const { place } of event.beacons) sealed.add(nameOf(place));
      views.closed.add(event.key, event.bits, row.closed.sinceMs);
      noteClosing(closings, row.closed.sinceMs, event);
      const seq = firstSeq + at;
      if (seq <= outbox.lastSeq) continue;
      const again = sealedFrom(event, byRow);
      const places = [...event.beacons.map(({ place }) => place.row), row.row];
      for (const each of places) need(each);
      outbox.push({ seq, event: wideEvent(again), sealedAtMs: row.atMs, rows: places });
    }
  }

  const last = read.at(-1);
  const openSinceMs = (last?.atMs ?? 0) - sealAfterMs - mostEarlierMs;
  const decisions: Decision[] = [];
  for (const { row, atMs, beaconList, closed } of read) {
    // Every commit seals what is due: what is older went out, and may be forgotten by now.
    if (atMs < openSinceMs) continue;
    views.closed.remember(closed);
    for (const [at, taken] of beaconList.entries()) {
      const place = { row, at };
      if (sealed.has(nameOf(place))) continue;
      const beacon: Logged = { ...taken.beacon, place };
      decisions.push(...views.take(beacon, atMs, timeInRow(taken.atMs, atMs)).decisions);
    }
  }
  views.closed.remember(state.closed);
  views.closed.forget();
  for (const { row } of views.openPlaces()) need(row);
  for (const { sealed: each } of decisions) {
    for (const { beacon } of each.arrivals) need((beacon as Logged).place.row);
  }
  for (const { slot, row } of read) rows.hold(row, slot, needs.get(row) ?? 0);
  for (const slot of log.slotsBefore(state.keepFrom)) rows.recycle(slot);
  outbox.skip(Math.max(outbox.lastSeq, state.seq));
  return { views, decisions, closings, row: last?.row ?? 0, atMs: last?.atMs ?? 0 };
}

function nameOf({ row, at }: Place): string {
  return `${row}:${at}`;
}

function sealedFrom(
  { kind, duplicates, beacons }: Written,
  byRow: ReadonlyMap<number, ReadRow>,
): Sealed {
  const arrivals = beacons.flatMap(({ place, atMs }) => {
    const beacon = byRow.get(place.row)?.beaconList[place.at]?.beacon;
    if (beacon !== undefined) return [{ beacon, atMs }];
    // A bug, but no reason to take in nothing any more.
    reportToLog("window_row_gone", { row: place.row });
    return [];
  });
  return { kind, duplicates, arrivals };
}
