// A wide event as flat attributes, for sinks that know names and plain values: a map
// becomes one attribute for each of its names, `delivery.arms.<flag>`; a list stays one.
import type { WideEvent } from "#rum/wide-event.ts";

export type Attribute = string | number | boolean | readonly string[];

/** The attributes of an event, in the order of its columns. */
export function attributesOf(event: WideEvent): readonly (readonly [string, Attribute])[] {
  return Object.entries(event as Readonly<Record<string, unknown>>).flatMap(([name, value]) =>
    isMap(value)
      ? Object.entries(value).map(([key, each]) => [`${name}.${key}`, each] as const)
      : [[name, value as Attribute] as const],
  );
}

function isMap(value: unknown): value is Readonly<Record<string, string>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
