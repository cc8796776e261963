// Random JsonLogic over a fixed vocabulary, so that expressions meet values that
// are there, values that are missing and values of the wrong type.
import type { Json } from "#flags/logic/expression.ts";
import { fc } from "../property.ts";

const paths = (
  "plan country age zero vip old none email version text empty tags tags.1 numbers items nothing " +
  "device.os device.cores device.x.y absent targetingKey $flagd.flagKey text.length"
).split(" ");

const numbers = [0, 1, 2, -1, 3.5, 10];
const texts = ["", "pro", "de", "1", "10", "abc", "1.2.3"];
const literal = fc.constantFrom<Json>(...numbers, ...texts, true, false, null);

/** Contexts for them: nobody, a full one, and one with other types in the same places. */
export const contexts: readonly { readonly [key: string]: unknown }[] = [
  {},
  {
    targetingKey: "user-1",
    plan: "pro",
    country: "de",
    age: 42,
    zero: 0,
    vip: true,
    old: false,
    none: null,
    email: "ada@example.com",
    version: "1.2.3",
    text: "hello",
    empty: "",
    nothing: [],
    tags: ["a", "b", "abc"],
    numbers: [1, 2, 3],
    items: [{ x: 1 }, { x: 2 }],
    device: { os: "linux", cores: "8", x: { y: "deep" } },
  },
  {
    targetingKey: "user-2",
    plan: "1",
    country: 2,
    age: -1.5,
    zero: "0",
    vip: "true",
    old: 0,
    email: "de",
    version: "v2",
    text: "abc",
    items: [],
    tags: ["pro"],
    numbers: [0, "1", null],
    device: { os: 0, cores: null },
  },
];

type Tie = (name: "any" | "list" | "inner") => fc.Arbitrary<Json>;

function operation(name: string, ...operands: fc.Arbitrary<Json>[]): fc.Arbitrary<Json> {
  return fc.tuple(...operands).map((values) => ({ [name]: values }));
}

function several(name: string, operand: fc.Arbitrary<Json>, [least, most]: [number, number]) {
  return fc
    .array(operand, { minLength: least, maxLength: most })
    .map((values): Json => ({ [name]: values }));
}

function anyOf(names: readonly string[], make: (name: string) => fc.Arbitrary<Json>) {
  return fc.constantFrom(...names).chain(make);
}

function split(any: fc.Arbitrary<Json>): fc.Arbitrary<Json> {
  const variant = fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<Json>("a", "b", "c", true, null) },
    { weight: 1, arbitrary: any },
  );
  const arm = fc.oneof(
    fc.tuple(variant).map((pair): Json => pair),
    fc.tuple(variant, fc.constantFrom(0, 1, 25, 50, -3, 1_000_000)).map((pair): Json => pair),
  );
  const arms = fc.array(arm, { minLength: 1, maxLength: 4 });
  const unit = fc.constantFrom("targetingKey", "email", "absent", "age");
  const key = fc.oneof(
    unit.map((name): Json => ({ cat: ["seed-", { var: name }] })),
    any,
  );
  return fc.oneof(
    arms.map((list): Json => ({ fractional: list })),
    fc.tuple(key, arms).map(([by, list]): Json => ({ fractional: [by, ...list] })),
  );
}

function operations(tie: Tie, path: fc.Arbitrary<string>): fc.Arbitrary<Json>[] {
  const any = tie("any");
  const list = tie("list");
  const inner = tie("inner");
  const relation = fc.constantFrom("=", "!=", "<", "<=", ">", ">=", "^", "~", "?");
  const version = fc.constantFrom<Json>("1.2.3", "1", "v1.2", "2.0.0-alpha.1", "bad", 1.2);
  return [
    anyOf(["if", "?:"], (name) => several(name, any, [1, 5])),
    anyOf(["and", "or", "??"], (name) => several(name, any, [1, 3])),
    anyOf(["==", "===", "!=", "!==", "<", "<=", ">", ">="], (name) => several(name, any, [2, 4])),
    anyOf(["!", "!!", "not"], (name) => operation(name, any)),
    anyOf(["!", "!!", "+", "-", "*", "/", "%", "cat", "max"], (name) =>
      any.map((operand): Json => ({ [name]: operand })),
    ),
    anyOf(["+", "*", "-", "/"], (name) => several(name, any, [1, 3])),
    anyOf(["%", "in"], (name) => operation(name, any, any)),
    anyOf(["min", "max", "cat", "merge"], (name) => several(name, any, [0, 3])),
    operation("in", any, list),
    operation("substr", any, fc.integer({ min: -3, max: 4 }), fc.integer({ min: -3, max: 4 })),
    anyOf(["map", "filter", "some", "none", "all", "every"], (name) =>
      operation(name, list, inner),
    ),
    operation("reduce", list, inner, literal),
    operation(
      "reduce",
      list,
      fc.constant({ "+": [{ var: "accumulator" }, { var: "current" }] }),
      literal,
    ),
    several("missing", path, [0, 3]),
    operation("missing_some", fc.integer({ min: 0, max: 3 }), fc.array(path, { maxLength: 3 })),
    anyOf(["starts_with", "ends_with"], (name) =>
      operation(
        name,
        fc.oneof(
          path.map((name_) => ({ var: name_ })),
          any,
        ),
        literal,
      ),
    ),
    operation("sem_ver", fc.oneof(fc.constant({ var: "version" }), any), relation, version),
    split(any),
    anyOf(["length", "keys", "exists", "val"], (name) => operation(name, path)),
    operation("get", fc.constant({ var: "device" }), path, literal),
    path.map((name): Json => ({ try: [{ "-": [{ var: name }, 1] }, "fallback"] })),
  ];
}

/** Any expression up to `depth` operators deep, over the names of `contexts` or others. */
export function expression(depth: number, names: readonly string[] = paths): fc.Arbitrary<Json> {
  const path = fc.constantFrom(...names);
  const { any } = fc.letrec<{ any: Json; list: Json; inner: Json }>((tie) => ({
    any: fc.oneof(
      { maxDepth: depth, depthIdentifier: "logic" },
      fc.oneof(
        path.map((name): Json => ({ var: name })),
        fc.tuple(path, literal).map((pair): Json => ({ var: pair })),
        literal,
      ),
      ...operations(tie, path),
    ),
    list: fc.oneof(
      { maxDepth: depth, depthIdentifier: "logic" },
      fc
        .constantFrom("tags", "numbers", "items", "nothing", "absent")
        .map((name) => ({ var: name })),
      fc.array(literal, { maxLength: 3 }),
    ),
    inner: fc.oneof(
      { maxDepth: depth, depthIdentifier: "logic" },
      fc
        .constantFrom("", "x", "accumulator", "current", "../index", "../../plan")
        .map((name) => ({ var: name })),
      tie("any"),
      operation("<", fc.constant({ var: "" }), literal),
      operation("==", fc.constant({ var: "x" }), literal),
    ),
  }));
  return any;
}
