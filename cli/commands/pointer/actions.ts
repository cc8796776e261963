// The commands that snippets and datafiles share, by name.
import type { Action } from "../../action.ts";
import type { Revision } from "../../pointer-api.ts";
import { deleteAction } from "./delete.ts";
import { historyAction } from "./history.ts";
import { listAction } from "./list.ts";
import type { Noun } from "./noun.ts";
import { rollbackAction } from "./rollback.ts";
import { showAction } from "./show.ts";

export function pointerActions<V extends Revision, D extends V>(
  noun: Noun<V, D>,
): Readonly<Record<"show" | "list" | "history" | "rollback" | "delete", Action>> {
  return {
    show: showAction(noun),
    list: listAction(noun),
    history: historyAction(noun),
    rollback: rollbackAction(noun),
    delete: deleteAction(noun),
  };
}
