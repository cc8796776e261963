// var: a value from the data by its dotted path, or a default.
import { coalesceInto } from "./choice.ts";
import {
  asText,
  constant,
  isArray,
  type Above,
  type Json,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";
import { isInherited, member, read, splitPath } from "./path.ts";

/** The interpreter's `var`, for paths that are known only when it runs. */
function look(operand: unknown, data: unknown, above: Above): unknown {
  const [path, fallback] = Array.isArray(operand) ? (operand as unknown[]) : [operand];
  const { key, from } = climb(path, data, above);
  const missing = fallback === undefined ? null : fallback;
  let value = from;
  if (key !== undefined && key !== null && key !== "") {
    for (const part of splitPath(asText(key))) {
      value = read(value, part);
      if (value === undefined) return missing;
    }
  }
  return typeof value === "function" ? null : value;
}

/** Leaves one scope for every leading `../`. */
function climb(
  path: unknown,
  data: unknown,
  above: Above,
): { readonly key: unknown; readonly from: unknown } {
  let key = path;
  let from = data;
  let scopes = above;
  let at = 0;
  while (typeof key === "string" && key.startsWith("../") && at < scopes.length) {
    from = scopes[at];
    at += 1;
    key = key.slice(3);
    if (at === scopes.length && Array.isArray(from)) {
      scopes = from as Above;
      from = scopes[0];
      at = 1;
    }
  }
  return { key, from };
}

/** Reads a known path; undefined where it leads nowhere. */
function reader(parts: readonly string[]): (data: unknown) => unknown {
  const [only = ""] = parts;
  if (parts.length !== 1) {
    return (data) => {
      let value = data;
      for (const part of parts) value = read(value, part);
      return value;
    };
  }
  if (isInherited(only)) return (data) => read(data, only);
  return (data) =>
    data === null || data === undefined
      ? undefined
      : (data as { readonly [key: string]: unknown })[only];
}

function known(operand: Json): operand is string | number | null | undefined {
  return typeof operand !== "object" || operand === null;
}

/** Remembers that the whole context is needed wherever a path may lead to `$flagd`. */
function noteNeeds(scope: Scope, key: unknown): void {
  if (typeof key === "string" && key !== "" && !key.startsWith("../")) {
    if (!scope.root || splitPath(key)[0] !== "$flagd") return;
  }
  scope.needs.context = true;
}

function build(operand: Json, scope: Scope): Node | undefined {
  const [key, fallback] = isArray(operand) ? operand : [operand];
  noteNeeds(scope, typeof key === "number" ? asText(key) : key);
  if (!isArray(operand) || operand.length > 2 || !known(key)) return undefined;
  if (key === "../index" && scope.index === "lost") {
    return {
      run: () => {
        throw new ReferenceError("index is not defined");
      },
    };
  }
  if (key === "../index" && scope.index === "known") {
    return { run: (_data, above) => (above[0] as { readonly index: number }).index };
  }
  if (key === undefined || key === null || key === "") return { run: (data) => data };
  if (typeof key === "boolean" || asText(key).includes("../")) return undefined;
  return { run: buildRead(asText(key), fallback, scope) };
}

function buildRead(key: string, fallback: Json, scope: Scope): Run {
  const parts = splitPath(key);
  const missing = fallback === undefined ? constant(null) : scope.build(fallback, scope);
  const filled = readMember(parts, missing, scope) ?? fill(reader(parts), missing, scope);
  const { register } = scope;
  if (!scope.tracked) return filled;
  return (data, above) => {
    const value = filled(data, above);
    register.value = value;
    return value;
  };
}

/** A member of the context itself: what nearly every targeting reads, in one step. */
function readMember(parts: readonly string[], missing: Node, { root }: Scope): Run | undefined {
  const [name = ""] = parts;
  if (!root || parts.length !== 1 || isInherited(name) || !missing.constant) return undefined;
  const { value: instead } = missing.constant;
  return (data) => {
    const value = (data as { readonly [key: string]: unknown })[name];
    if (typeof value === "string") return value;
    return withoutFunctions(value ?? instead);
  };
}

function fill(find: (data: unknown) => unknown, missing: Node, scope: Scope): Run {
  if (missing.constant === undefined) {
    const run = coalesceInto((data) => find(data), missing, scope);
    return (data, above) => withoutFunctions(run(data, above));
  }
  const { value: instead } = missing.constant;
  return (data) => withoutFunctions(find(data) ?? instead);
}

function withoutFunctions(value: unknown): unknown {
  return typeof value === "function" ? null : value;
}

/** The interpreter's shortcuts for a path known beforehand: a false value on the way ends it. */
function interpret(operand: Json, scope: Scope): Node | undefined {
  const single = isArray(operand) && operand.length === 1 ? operand[0] : operand;
  noteNeeds(scope, typeof single === "number" ? String(single) : single);
  if (!known(single)) return undefined;
  if (!single) return { run: (data) => withoutFunctions(data ?? null) };
  const key = String(single);
  if (typeof single === "boolean" || key.startsWith("../")) return undefined;
  const parts = key.includes(".") || key.includes("\\") ? splitPath(key) : [key];
  if (parts.length > 3 || parts.length === 0) return undefined;
  if (parts.length === 1 && key.includes("\\")) return undefined;
  return {
    run: (data) => {
      let value = data;
      for (const part of parts) {
        if (!value) return parts.length === 1 || value === undefined ? null : value;
        value = member(value, part);
      }
      return value === undefined || typeof value === "function" ? null : value;
    },
  };
}

const variable: Operator = {
  unary: true,
  constant: (operand, fold) => fold.insideIterator && !asText(operand).includes("../../"),
  method: look,
  interpret,
  build,
};

export const variables: Operators = { var: variable };
