// How large an event is as JSON, near enough to fill batches: putting it into words to
// find out would cost as much as sending it.
import type { WideEvent } from "#rum/wide-event.ts";

const perField = 5;
const perNumber = 12;

/** Length as JSON in bytes, of ASCII; rather too much than too little. */
export function approximateBytes(event: WideEvent): number {
  let bytes = 2;
  for (const [name, value] of Object.entries(event)) {
    bytes += name.length + perField;
    if (typeof value === "string") bytes += value.length + 2;
    else if (typeof value === "object") bytes += JSON.stringify(value).length;
    else bytes += perNumber;
  }
  return bytes;
}
