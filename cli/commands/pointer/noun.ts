// What tells snippets from datafiles, for the commands that both have.
import { checkId } from "../../checks.ts";
import { Failure } from "../../failure.ts";
import { formatAge, formatTime } from "../../format.ts";
import type { PointerApi, Revision } from "../../pointer-api.ts";
import type { Session } from "../../session.ts";

export type Noun<V extends Revision, D extends V> = {
  readonly name: "snippet" | "datafile";
  /** What the id is called: `id`, or `sdkKey`. */
  readonly idName: "id" | "sdkKey";
  readonly api: (session: Session) => PointerApi<V>;
  /** A revision with its links. */
  readonly document: <T extends V>(view: T, session: Session) => T & D;
  readonly text: (document: D, session: Session) => string;
  /** Columns of its own in a table. */
  readonly heading: readonly string[];
  readonly cells: (view: V) => readonly string[];
  /** What its help says about a rollback. */
  readonly rollbackRemark?: string;
};

/** The one argument of a command about one id. */
export function idArgument({ name, idName }: Pick<Noun<Revision, Revision>, "name" | "idName">) {
  const description = name === "snippet" ? "The snippet's id" : "The SDK key";
  return { [idName]: { type: "positional", required: true, description } } as const;
}

/** The id that was given, checked. */
export function idFrom<V extends Revision, D extends V>(
  { idName }: Noun<V, D>,
  values: Readonly<Record<string, unknown>>,
): string {
  return checkId(`<${idName}>`, String(values[idName]));
}

/** The current revision of the id that was given. Throws a failure where there is none. */
export async function findCurrent<V extends Revision, D extends V>(
  noun: Noun<V, D>,
  values: Readonly<Record<string, unknown>>,
  session: Session,
): Promise<V> {
  const id = idFrom(noun, values);
  const view = await noun.api(session).find(id);
  if (view !== null) return view;
  const hint = `\`aviary ${noun.name} list --account …\` shows which there are.`;
  throw new Failure("refused", `there is no ${noun.name} ${id}`, { hint });
}

/** The headings that `rowOf` goes with, without the first. */
export function headingOf<V extends Revision, D extends V>(noun: Noun<V, D>): readonly string[] {
  return ["REVISION", "PUBLISHED", "", ...noun.heading];
}

/** One line of a table, without its first cell. */
export function rowOf<V extends Revision, D extends V>(
  noun: Noun<V, D>,
  view: V,
  { nowMs }: Session,
): readonly string[] {
  const { revision, publishedAt } = view;
  const age = formatAge(publishedAt, nowMs);
  return [String(revision), formatTime(publishedAt), age, ...noun.cells(view)];
}
