// Dotted paths, as `var` and its kin read them.

/**
 * The parts of a path: `a.b` is two; a backslash before a dot, a slash or another
 * backslash takes that character as it is.
 */
export function splitPath(path: string): readonly string[] {
  const parts: string[] = [];
  let current = "";
  for (let at = 0; at < path.length; at += 1) {
    const character = path.charAt(at);
    const next = path.charAt(at + 1);
    if (character === "\\" && (next === "." || next === "/" || next === "\\")) {
      current += next;
      at += 1;
    } else if (character === ".") {
      parts.push(current);
      current = "";
    } else {
      current += character;
    }
  }
  // "." alone is one empty part and not two.
  if (parts.length !== path.length) parts.push(current);
  return parts;
}

/** `value[key]`, undefined where there is nothing to read from. */
export function read(value: unknown, key: string): unknown {
  if (value === null || value === undefined) return undefined;
  return member(value, key);
}

/**
 * A member of anything but null. What every object inherits is hidden, so that no
 * path leads from the data to a constructor or a prototype.
 */
export function member(value: {}, key: string): unknown {
  if (inherited.has(key) && !Object.hasOwn(value, key)) return undefined;
  return (value as { readonly [key: string]: unknown })[key];
}

/** Whether `key` names something that every object inherits. */
export function isInherited(key: string): boolean {
  return inherited.has(key);
}

const inherited: ReadonlySet<string> = new Set(Object.getOwnPropertyNames(Object.prototype));
