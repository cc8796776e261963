// GET /js/<snippetId>.js: the snippet as it stands now.
import type { KnownPointer } from "#src/adapters/pointers.ts";
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { SnippetPointer } from "#src/delivery/pointer.ts";
import type { Delivery } from "./delivery.ts";
import { withPointer } from "./find-pointer.ts";
import type { Resource } from "./make-answer.ts";
import { problem } from "./problem.ts";
import { serveRevision } from "./serve-current.ts";

const snippet: Resource<SnippetPointer> = {
  media: "script",
  contentType: contentTypes.script,
  visibility: "public",
  vary: varyOn.encoding,
  storedForms: (pointer) => pointer.content.composition,
  rebuild: async ({ id, content }, { services, background }) => {
    const of = { snippetId: id, payload: content.payload, engine: content.engine };
    const written = await services.compositions.write(of, background);
    return written.ok ? written.value : null;
  },
};

/** The script, or a comment that says why there is none. */
export function serveSnippet(id: string, delivery: Delivery): Response | Promise<Response> {
  return withPointer({ kind: "snippet", id, media: "script" }, delivery, serveKnown);
}

function serveKnown(
  { pointer, confirmedAtMs }: KnownPointer,
  delivery: Delivery,
): Response | Promise<Response> {
  if (pointer?.kind !== "snippet") return problem("unknown_id", "script");
  return serveRevision(snippet, { pointer, confirmedAtMs }, delivery);
}
