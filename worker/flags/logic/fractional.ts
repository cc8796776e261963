// fractional: flagd's split of units by weight. Where weights and variants are
// written down, they become limits on the hash when the logic is compiled.
import { murmur3, murmur3Prefix, murmur3Suffix } from "#base/murmur3.ts";
import { hashLimit, maxTotalWeight } from "#flags/bucket.ts";
import { contextualOperator } from "./contextual.ts";
import {
  isArray,
  asText,
  isObject,
  type Compile,
  type Json,
  type Method,
  type Node,
  type Operator,
  type Operators,
  type Run,
  type Scope,
} from "./expression.ts";

/** Arms of a split: a hash below `limits[n]`, and below none before it, gets `variants[n]`. */
type Split = { readonly limits: readonly number[]; readonly variants: readonly unknown[] };

/** Undefined for what is no split: not pairs of a variant and a whole weight. */
function divide(entries: readonly unknown[]): Split | undefined {
  let total = 0;
  const ends: number[] = [];
  const variants: unknown[] = [];
  for (const entry of entries) {
    if (!Array.isArray(entry) || entry.length === 0 || entry.length > 2) return undefined;
    const [variant, weight = entry.length === 2 ? null : 1] = entry as readonly unknown[];
    if (isObject(variant) || !Number.isInteger(weight)) return undefined;
    // Negative weights come out of arithmetic on ramps, and count as none.
    total += Math.max(0, weight as number);
    ends.push(total);
    variants.push(variant ?? null);
  }
  if (total > maxTotalWeight) return undefined;
  return { limits: ends.map((end) => hashLimit(end, total)), variants };
}

function choose({ limits, variants }: Split, hash: number): unknown {
  for (let at = 0; at < limits.length; at += 1) {
    if (hash < (limits[at] as number)) return variants[at];
  }
  return null;
}

type Context = {
  readonly targetingKey?: unknown;
  readonly $flagd?: { readonly flagKey?: unknown };
};

/** The split of one evaluation, whose operands are known only now. */
function divideNow(operands: readonly unknown[], flagKey: unknown, data: unknown): unknown {
  const [first] = operands;
  const { targetingKey } = data as Context;
  const named = typeof first === "string";
  if (operands.length === 0 || (!named && !targetingKey)) return null;
  const split = divide(named ? operands.slice(1) : operands);
  if (split === undefined) return null;
  return choose(split, murmur3(named ? first : asText(flagKey) + asText(targetingKey)));
}

const fractional: Method = (operands, data) =>
  divideNow(operands as readonly unknown[], (data as Context).$flagd?.flagKey, data);

/** At the root, where the data are the context; undefined elsewhere. */
function atRoot(operand: Json, scope: Scope, dialect: Dialect): Node | undefined {
  if (!scope.root || !isArray(operand)) return undefined;
  const [first] = operand;
  const named = operand.length > 0 && !isArray(first);
  const nodes = operand.slice(named ? 1 : 0).map((entry) => dialect.compile(entry, scope));
  const entries = nodes.map((node) => node.constant?.value);
  if (entries.includes(undefined)) return { run: unknownSplit(operand, nodes, { scope, dialect }) };
  const split = divide(entries);
  if (!named) return { run: byTargetingKey(split, scope) };
  const hash = hashOf(first, scope, dialect);
  return {
    run: (data, above) => {
      const key = hash(data, above);
      if (typeof key !== "number") return divideNow([key, ...entries], scope.flagKey, data);
      return split === undefined ? null : choose(split, key);
    },
  };
}

/** Weights or variants that are computed. */
function unknownSplit(
  operand: readonly Json[],
  nodes: readonly Node[],
  { scope, dialect }: { readonly scope: Scope; readonly dialect: Dialect },
): Run {
  const first = nodes.length < operand.length ? [dialect.compile(operand[0], scope)] : [];
  const runs = [...first, ...nodes].map((node) => node.run);
  return (data, above) => {
    const values = runs.map((run) => run(data, above));
    return divideNow(values, scope.flagKey, data);
  };
}

function byTargetingKey(split: Split | undefined, scope: Scope): Run {
  const prefix = murmur3Prefix(scope.flagKey);
  return (data) => {
    const { targetingKey } = data as Context;
    if (!targetingKey || split === undefined) return null;
    return choose(split, murmur3Suffix(prefix, asText(targetingKey)));
  };
}

/** The hash of a key that is a text, and any other operand as it is; but that is no number. */
type Hash = (data: unknown, above: readonly unknown[]) => unknown;

/** The hash of the key to split by. A constant beginning is read once. */
function hashOf(source: Json, scope: Scope, dialect: Dialect): Hash {
  const parts = isObject(source) && "cat" in source ? source.cat : undefined;
  if (isArray(parts) && parts.length === 2 && typeof parts[0] === "string") {
    const unit = dialect.compile(parts[1], scope);
    const prefix = murmur3Prefix(parts[0]);
    if (unit.unfenced === undefined && unit.constant === undefined) {
      return (data, above) => {
        const value = unit.run(data, above);
        return murmur3Suffix(prefix, typeof value === "string" ? value : dialect.textOf(value));
      };
    }
  }
  const { run } = dialect.compile(source, scope);
  return (data, above) => {
    const key = run(data, above);
    if (typeof key === "string") return murmur3(key);
    return typeof key === "number" ? null : key;
  };
}

/** The two dialects differ in what `cat` makes of null. */
type Dialect = { readonly compile: Compile; readonly textOf: (value: unknown) => string };

function generated(scope: Scope): Dialect {
  return { compile: scope.build, textOf: asText };
}

function interpreted(scope: Scope): Dialect {
  return { compile: scope.interpret, textOf: (value) => asText(value ?? "") };
}

const generic = contextualOperator(fractional);

function compileAs(dialectOf: (scope: Scope) => Dialect, fallback: Operator["build"]) {
  return (operand: Json, scope: Scope): Node | undefined => {
    const node = atRoot(operand, scope, dialectOf(scope));
    // The method reads the flag's key from the context.
    if (node === undefined) scope.needs.context = true;
    return node ?? fallback?.(operand, scope);
  };
}

export const fractions: Operators = {
  fractional: {
    ...generic,
    build: compileAs(generated, generic.build),
    interpret: compileAs(interpreted, generic.interpret),
  },
};
