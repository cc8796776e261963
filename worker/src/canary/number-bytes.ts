// Numbers and short texts as few bytes: counts by their size, runs of zeros as one token,
// everything else as the double that it is. What is written is read back exactly.
// A reader never reads past the end: it is then `torn` and returns zeros.

const capacityAtFirst = 4_096;
const zeroRun = 0;
const double = 1;
/** Tokens from here on are whole numbers. */
const wholeFrom = 2;
const largestWhole = Number.MAX_SAFE_INTEGER - wholeFrom;

export class NumberWriter {
  #bytes = new Uint8Array(capacityAtFirst);
  #length = 0;

  /** A whole number from 0 to 2^53 − 1, seven bits a byte, lowest first (LEB128). */
  whole(value: number): void {
    let rest = value;
    while (rest >= 128) {
      this.#push((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.#push(rest);
  }

  text(text: string): void {
    this.whole(text.length);
    for (let at = 0; at < text.length; at += 1) this.whole(text.charCodeAt(at));
  }

  /** As many numbers as the reader will ask for. */
  numbers(values: Float64Array): void {
    let zeros = 0;
    for (const value of values) {
      if (Object.is(value, 0)) {
        zeros += 1;
        continue;
      }
      this.#zeros(zeros);
      zeros = 0;
      this.#number(value);
    }
    this.#zeros(zeros);
  }

  /** What was written. */
  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #zeros(count: number): void {
    if (count === 0) return;
    this.whole(zeroRun);
    this.whole(count);
  }

  #number(value: number): void {
    if (Number.isInteger(value) && value > 0 && value <= largestWhole) {
      this.whole(value + wholeFrom);
      return;
    }
    this.whole(double);
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, value);
    for (const byte of bytes) this.#push(byte);
  }

  #push(byte: number): void {
    if (this.#length === this.#bytes.length) {
      const grown = new Uint8Array(2 * this.#length);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    this.#bytes[this.#length] = byte;
    this.#length += 1;
  }
}

export class NumberReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  #torn = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  /** Whether something was asked for that is not there. */
  get torn(): boolean {
    return this.#torn;
  }

  /** Whether everything was read. */
  get ended(): boolean {
    return this.#at === this.#bytes.length;
  }

  whole(): number {
    let value = 0;
    let unit = 1;
    for (;;) {
      const byte = this.#next();
      value += (byte % 128) * unit;
      if (byte < 128) break;
      unit *= 128;
    }
    return value <= Number.MAX_SAFE_INTEGER ? value : this.#tear();
  }

  /** A text of at most `longest` characters. */
  text(longest: number): string {
    const length = this.whole();
    if (length > longest) this.#tear();
    let text = "";
    for (let at = 0; at < length && !this.#torn; at += 1) text += String.fromCharCode(this.whole());
    return text;
  }

  /** Fills `values` from the first to the last. */
  numbers(values: Float64Array): void {
    for (let at = 0; at < values.length && !this.#torn; at += 1) {
      const token = this.whole();
      if (token === zeroRun) {
        const count = this.whole();
        if (count < 1 || at + count > values.length) this.#tear();
        at += count - 1;
      } else {
        values[at] = token === double ? this.#double() : token - wholeFrom;
      }
    }
  }

  #double(): number {
    const view = new DataView(Uint8Array.from({ length: 8 }, () => this.#next()).buffer);
    const value = view.getFloat64(0);
    return Number.isFinite(value) ? value : this.#tear();
  }

  #next(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) return this.#tear();
    this.#at += 1;
    return byte;
  }

  #tear(): number {
    this.#torn = true;
    return 0;
  }
}
