// One script out of three parts: prelude, beacon, engine. The beacon's place is
// before the engine, each fenced from the other; the engine is the script's last
// part and stays top-level code, so that it means what it means when it is
// loaded alone (docs/decisions/0002-composition.md).

/** Raise when the text around the parts changes: compositions made before are then made anew. */
const compositionFormat = 1;

export type CompositionParts = {
  /** From `preludeFor`. */
  readonly prelude: string;
  /** Statements that may throw; null where the snippet has no beacon. */
  readonly beacon: string | null;
  /** From `prepareEngine`: a complete script that opens with its own directive, if it is strict. */
  readonly engine: string;
};

/** The script's text. */
export function compose({ prelude, beacon, engine }: CompositionParts): string {
  const strict = engine.startsWith(strictDirective) ? strictDirective : "";
  const fenced = beacon === null ? "" : `try{${beacon}\n}catch(e){}\n`;
  return `${strict}${prelude}\n${fenced}${engine}`;
}

/** A directive prologue only works as the very first thing in a script. */
export const strictDirective = '"use strict";';

export type PreludeContent = {
  readonly snippetId: string;
  readonly engineVersion: string;
  /** The customer's JSON, as published. */
  readonly payload: string;
};

/** Puts `self.aviary.payload` in place for the engine, and never throws into the page. */
export function preludeFor({ snippetId, engineVersion, payload }: PreludeContent): string {
  const snippet = JSON.stringify({ id: snippetId, engine: engineVersion });
  return (
    `!function(w){try{var a=w.aviary=w.aviary||{};a.snippet=${snippet};` +
    `a.payload=JSON.parse(${quoted(payload)})}catch(e){}}(self);`
  );
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
  /** Names a copy with the same bytes that no cache has seen; absent: the one for everybody. */
  readonly copy?: string;
};

/**
 * What a composition depends on, as one line: equal lines, equal bytes. Its
 * digest is the composition's key. `payload` is the payload's digest.
 */
export function compositionSource(source: CompositionSource): string {
  const { snippetId, payload, engine, copy = "" } = source;
  const line = [compositionFormat, snippetId, payload, engine.version, engine.sha256];
  return [...line, ...(copy === "" ? [] : [copy])].join("\n");
}
