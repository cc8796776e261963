// val exists get missing missing_some: paths as lists, and what is not there.
import { coalesceInto } from "./choice.ts";
import {
  type Around,
  constant,
  asText,
  isArray,
  isObject,
  type Above,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { read, splitPath } from "./path.ts";

const absent = Symbol("absent");

/** Follows a list of keys, after climbing out of as many scopes as a leading `[[n]]` says. */
function follow(operand: unknown, data: unknown, above: Above): unknown {
  const single =
    Array.isArray(operand) && operand.length === 1 && !Array.isArray(operand[0])
      ? (operand as unknown[])[0]
      : operand;
  if (!Array.isArray(single)) return step(data, single);
  const keys = single as readonly unknown[];
  const [first] = keys;
  const climbs = Array.isArray(first) && first.length === 1;
  let value = climbs ? climb(Math.abs(Number(first[0])), data, above) : data;
  for (const key of climbs ? keys.slice(1) : keys) {
    value = step(value, key);
    if (value === absent) return absent;
  }
  return value;
}

function step(value: unknown, key: unknown): unknown {
  if (value === null || value === undefined) return absent;
  if (!isObject(value)) return read(value, asText(key)) ?? absent;
  const found = read(value, asText(key));
  return found === undefined && !Object.hasOwn(value, asText(key)) ? absent : found;
}

function climb(steps: number, data: unknown, above: Above): unknown {
  let scopes = above;
  let value = data;
  let at = 0;
  for (let count = 0; count < steps; count += 1) {
    value = scopes[at];
    at += 1;
    if (count === scopes.length - 1 && Array.isArray(value)) {
      scopes = value as Above;
      value = scopes[0];
      at = 1;
    }
  }
  return value;
}

function present(value: unknown): unknown {
  return value === absent || value === undefined || typeof value === "function" ? null : value;
}

function noteContext(scope: Scope): undefined {
  scope.needs.context = true;
  return undefined;
}

/** The interpreter's shortcut for up to three plain keys: a false value on the way ends it. */
function interpretVal(operand: Json, scope: Scope): Node | undefined {
  noteContext(scope);
  if (!isArray(operand) || operand.length === 0 || operand.length > 3) return undefined;
  if (operand.some((key) => typeof key === "object")) return undefined;
  const keys = operand.map(asText);
  return {
    run: (data) => {
      let value = data;
      for (const key of keys) value = value ? read(value, key) : value;
      return present(value);
    },
  };
}

const val: Operator = {
  unary: true,
  constant: (operand, fold) => {
    if (!fold.insideIterator) return false;
    const [first] = isArray(operand) ? operand : [];
    return !(isArray(first) && Math.abs(Number(first[0])) >= 2);
  },
  method: (operand, data, above) => present(follow(operand, data, above)),
  interpret: interpretVal,
  build: (operand, scope) => {
    noteContext(scope);
    if (!isArray(operand) || isArray(operand[0])) return undefined;
    const keys = operand.filter((key) => key !== null).map((key) => scope.build(key, scope).run);
    const { register } = scope;
    return {
      run: (data, above) => {
        let value: unknown = data;
        for (const key of keys) {
          if (value === null || value === undefined) break;
          value = read(value, asText(key(data, above)));
        }
        register.value = present(value);
        return register.value;
      },
    };
  },
};

const exists: Operator = {
  constant: false,
  method: (operand, data, above) => {
    const [first] = operand as readonly unknown[];
    const keys = isArray(first) ? first : (operand as readonly unknown[]);
    // Only objects have keys to ask for.
    if (data && !isObject(data)) throw new TypeError("not an object");
    return follow(keys, data, above) !== absent;
  },
  interpret: (_operand, scope) => noteContext(scope),
  build: (_operand, scope) => noteContext(scope),
};

const get: Operator = {
  constant: true,
  method: (operands) => {
    const [from, path, fallback] = operands as readonly unknown[];
    let value = from;
    for (const part of splitPath(asText(path))) {
      value = read(value, part);
      if (value === undefined) return fallback === undefined ? null : fallback;
    }
    if (value === null) throw new TypeError("nothing to read from");
    return present(value);
  },
  build: (operand, scope) => {
    if (!isArray(operand) || operand.length > 3) return undefined;
    const [from, path, fallback] = operand;
    if (path === undefined || path === null || isObject(path)) return undefined;
    const source = scope.build(from, scope).run;
    const parts = splitPath(asText(path));
    const find: Run = (data, above) => {
      let value = source(data, above);
      for (const part of parts) value = read(value, part);
      return value;
    };
    const missing = fallback === undefined ? constant(null) : scope.build(fallback, scope);
    return { run: coalesceInto(find, missing, scope) };
  },
};

function missingFrom(keys: unknown, data: unknown): readonly unknown[] {
  if (!Array.isArray(keys)) return [];
  return (keys as readonly unknown[]).filter((key) => {
    let value = data;
    for (const part of splitPath(asText(key))) {
      if (!value) return true;
      value = read(value, part);
      if (value === undefined) return true;
    }
    return false;
  });
}

function lacks(data: unknown, key: Json): boolean {
  return read(data || 0, asText(key)) === undefined;
}

/** One or two plain keys: an unfenced `data[key] === undefined ? [key] : []`. */
function buildMissing(operand: readonly Json[]): Node | undefined {
  if (operand.length > 2 || operand.length === 0) return undefined;
  const keys = operand.filter((key) => typeof key === "string" && !key.includes("."));
  if (keys.length !== operand.length) return undefined;
  const unfenced = ({ concat, coalesce, after }: Around): Run => {
    return (data, above) => {
      // Concatenated with a text, the first key is never undefined.
      const instead = coalesce?.(data, above) ?? (concat === undefined && lacks(data, keys[0]));
      const first = instead ? keys.slice(0, 1) : [];
      const result = [...first, ...keys.slice(1).filter((key) => lacks(data, key))];
      return result.length === 0 && after !== undefined ? after(result, data, above) : result;
    };
  };
  return { run: unfenced({}), unfenced };
}

const missing: Operator = {
  constant: (operand) => isArray(operand) && operand.length === 0,
  method: (operands, data) => missingFrom(operands, data),
  interpret: (_operand, scope) => noteContext(scope),
  build: (operand, scope) => {
    noteContext(scope);
    return isArray(operand) ? buildMissing(operand) : undefined;
  },
};

const missingSome: Operator = {
  constant: false,
  method: (operands, data) => {
    const [need, keys] = operands as readonly [number, readonly unknown[]];
    const lacking = missingFrom(keys, data);
    return keys.length - lacking.length >= need ? [] : lacking;
  },
  interpret: (_operand, scope) => noteContext(scope),
  build: (operand, scope) => {
    noteContext(scope);
    if (!isArray(operand)) throw new TypeError("missing_some takes a list");
    const [need, keys] = operand;
    if (!isArray(keys)) return undefined;
    const needed = scope.build(need, scope).run;
    const { register } = scope;
    const isShort = (data: unknown, above: Above, left: string): boolean => {
      const lacking = missingFrom(keys, data);
      register.value = lacking;
      return Number(`${left}${keys.length}`) - lacking.length < Number(needed(data, above));
    };
    const unfenced = ({ concat, coalesce, after }: Around): Run => {
      return (data, above) => {
        const instead = coalesce?.(data, above) ?? null;
        if (instead ?? isShort(data, above, concat?.() ?? "")) return register.value;
        return after === undefined ? [] : after([], data, above);
      };
    };
    return { run: unfenced({}), unfenced };
  },
};

export const presence: Operators = {
  val,
  exists,
  get,
  missing,
  missing_some: missingSome,
};
