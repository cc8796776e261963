// GET /js/<snippetId>.js: the snippet as it stands now.
import { contentTypes, varyOn } from "#src/delivery/headers.ts";
import type { SnippetPointer } from "#src/delivery/pointer.ts";
import type { KnownPointer } from "#src/adapters/pointers.ts";
import type { Delivery } from "./delivery.ts";
import { problem } from "./problem.ts";
import { pointerRequest, serveRevision, type Resource } from "./serve-current.ts";

const snippet: Resource<SnippetPointer> = {
  kind: "snippet",
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
  const wanted = pointerRequest("snippet", id, delivery);
  const known = delivery.services.pointers.peek(wanted);
  if (known !== undefined) return serveKnown(known);
  return delivery.services.pointers
    .load(wanted)
    .then((loaded) => (loaded.ok ? serveKnown(loaded.value) : problem("unavailable", "script")));

  function serveKnown({ pointer, confirmedAtMs }: KnownPointer): Response | Promise<Response> {
    if (pointer?.kind !== "snippet") return problem("unknown_id", "script");
    return serveRevision(snippet, { pointer, confirmedAtMs }, delivery);
  }
}
