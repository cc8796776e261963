// One script out of three parts: prelude, beacon, engine. The beacon's place is
// before the engine, each fenced from the other; the engine is the script's last
// part and stays top-level code, so that it means what it means when it is
// loaded alone (docs/decisions/0002-composition.md).
import type { BeaconConfig } from "#rum/beacon-config.ts";
import { beaconConfig, type SnippetBeacon } from "./beacon.ts";

/** Raise when the text around the parts changes: compositions made before are then made anew. */
const compositionFormat = 3;

export type CompositionParts = {
  /** From `preludeFor`. */
  readonly prelude: string;
  /** Statements that may throw, each text fenced from the others: none, or the beacon's parts. */
  readonly beacon: readonly string[];
  /** From `prepareEngine`: a complete script that opens with its own directive, if it is strict. */
  readonly engine: string;
};

/** The script's text. */
export function compose({ prelude, beacon, engine }: CompositionParts): string {
  const strict = engine.startsWith(strictDirective) ? strictDirective : "";
  return `${strict}${prelude}\n${beacon.map(fenced).join("")}${engine}`;
}

/** Statements that keep what they throw to themselves. */
export function fenced(statements: string): string {
  return `try{${statements}\n}catch(e){}\n`;
}

/** A directive prologue only works as the very first thing in a script. */
export const strictDirective = '"use strict";';

export type PreludeContent = {
  readonly snippetId: string;
  readonly engineVersion: string;
  /** The customer's JSON, as published. */
  readonly payload: string;
  /** What the beacon is told of itself; absent where there is none. */
  readonly beacon?: BeaconConfig;
};

/**
 * Puts `self.aviary.payload` in place for the engine, and never throws into the page. What a
 * page has put into `self.aviary` before stays there; another snippet's has an object of its own.
 */
export function preludeFor(content: PreludeContent): string {
  const { snippetId, engineVersion, payload, beacon } = content;
  const snippet = JSON.stringify({ id: snippetId, engine: engineVersion });
  const told = beacon === undefined ? "" : `a.beacon=${literal(beacon)};`;
  // `this` and its properties are there even where an engine declares `self` or `JSON` further
  // on; in a module there is no `this`.
  return (
    `!function(w){try{w=w||self;var o=w.aviary,a=w.aviary=!o||o.snippet?{}:o;a.snippet=${snippet};${told}` +
    `a.payload=w.JSON.parse(${quoted(payload)})}catch(e){}}(this);`
  );
}

// Its texts are names, versions and paths of ours, so that nothing in them can be `__proto__`.
function literal(config: BeaconConfig): string {
  return JSON.stringify(config).replaceAll("<", "\\u003c");
}

// JSON.parse, not an object literal: in a literal `__proto__` sets the prototype.
// Single quotes leave JSON's own quotes alone, so that nothing grows.
function quoted(json: string): string {
  const text = json
    .replaceAll("\\", "\\\\")
    .replaceAll("'", "\\'")
    .replaceAll("\n", "\\n")
    .replaceAll("\r", "\\r")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029")
    .replaceAll("<", "\\x3c");
  return `'${text}'`;
}

export type CompositionSource = {
  readonly snippetId: string;
  readonly payload: string;
  readonly engine: { readonly version: string; readonly sha256: string };
  /** Absent where the snippet has none. */
  readonly beacon?: SnippetBeacon;
  /** Path that beacons are sent to, with a slash at its end. */
  readonly beaconPath: string;
  /** Of the host that pages load from; absent or empty: the one that the page names. */
  readonly cdnOrigin?: string;
  /** Names a copy with the same bytes that no cache has seen; absent: the one for everybody. */
  readonly copy?: string;
};

/**
 * What a composition depends on, as one line: equal lines, equal bytes. Its
 * digest is the composition's key. `payload` is the payload's digest.
 */
export function compositionSource(source: CompositionSource): string {
  const { snippetId, payload, engine, beacon, copy = "" } = source;
  const parts = beacon === undefined ? [] : [beacon.early, beacon.collector];
  const config = JSON.stringify(configOf(source) ?? null);
  const engineParts = [engine.version, engine.sha256];
  return [compositionFormat, snippetId, payload, ...engineParts, config, ...parts, copy].join("\n");
}

/** What a composition tells its beacon; undefined where it has none. */
export function configOf(source: Omit<CompositionSource, "copy">): BeaconConfig | undefined {
  const { snippetId, payload, engine, beacon, beaconPath, cdnOrigin: origin = "" } = source;
  const place = { snippetId, payload, engineVersion: engine.version, to: beaconPath, origin };
  return beacon === undefined ? undefined : beaconConfig(beacon, place);
}
