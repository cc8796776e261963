// Erases events from the Parquet files of one sink: a file is written again without them under
// its own name, in one step and only if nobody else wrote it meanwhile, or goes. What a file
// holds that this version has no column for would be lost, so that such a file is left and named.
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { withDeadline } from "#src/adapters/deadline.ts";
import { parquetFrom } from "#src/adapters/sinks/parquet.ts";
import { extrasName, tableColumns } from "#src/adapters/sinks/table.ts";
import { zstdDecompress } from "#src/adapters/zstd/zstd.ts";
import { isSought, type Eraser, type Sought } from "./sought.ts";

type Bucket = Pick<R2Bucket, "put" | "get" | "list" | "delete">;
type Row = Readonly<Record<string, unknown>>;

const filesOfStep = 10;
const deadlineMs = 20_000;
const hourMs = 3_600_000;
const known: ReadonlySet<string> = new Set([...tableColumns.map(({ name }) => name), extrasName]);

export function parquetEraser(prefix: string, bucket: Bucket): Eraser {
  return async (sought, { after, isDry }) => {
    const listing = bucket.list({ prefix: `${prefix}/`, ...(after && { startAfter: after }) });
    const { objects, truncated } = await withDeadline(listing, deadlineMs, "the bucket");
    const sum = { looked: 0, matched: 0, erased: 0 };
    for (const [at, { key }] of objects.entries()) {
      if (!mayHold(key, sought)) continue;
      if (sum.looked === filesOfStep) {
        return { ...sum, next: objects[at - 1]?.key ?? null, failure: null };
      }
      sum.looked += 1;
      const { matched, failure } = await eraseIn(key, sought, isDry);
      sum.matched += matched;
      if (failure !== null) return { ...sum, next: key, failure: `${key}: ${failure}` };
      if (!isDry) sum.erased += matched;
    }
    return { ...sum, next: truncated ? (objects.at(-1)?.key ?? null) : null, failure: null };
  };

  async function eraseIn(
    key: string,
    sought: Sought,
    isDry: boolean,
  ): Promise<{ readonly matched: number; readonly failure: string | null }> {
    const stored = await withDeadline(bucket.get(key), deadlineMs, "the bucket");
    if (stored === null) return { matched: 0, failure: null };
    const bytes = await withDeadline(stored.arrayBuffer(), deadlineMs, "the bucket");
    const rows = await rowsOf(bytes).catch(() => undefined);
    // The files behind it are still to be reached.
    if (rows === undefined) return { matched: 0, failure: "cannot be read as Parquet" };
    const left = rows.filter((row) => !isSought(marksOf(row), sought));
    const matched = rows.length - left.length;
    if (isDry || matched === 0) return { matched, failure: null };
    if (left.length === 0) {
      await withDeadline(bucket.delete(key), deadlineMs, "the bucket");
      return { matched, failure: null };
    }
    const odd = columnsOf(bytes).find((name) => !known.has(name));
    if (odd !== undefined) return { matched, failure: `has a column ${odd} that is unknown here` };
    const put = bucket.put(key, parquetFrom(left), {
      httpMetadata: { contentType: "application/vnd.apache.parquet" },
      onlyIf: { etagMatches: stored.etag },
    });
    const written = await withDeadline(put, deadlineMs, "the bucket");
    return { matched, failure: written === null ? "was written by somebody else meanwhile" : null };
  }
}

/** Files lie by the hour of their events. What lies elsewhere is looked into. */
function mayHold(key: string, { span }: Sought): boolean {
  if (!key.endsWith(".parquet")) return false;
  const [, date = "", hour = ""] = /\/date=([\d-]+)\/hour=(\d\d)\//.exec(key) ?? [];
  const fromMs = Date.parse(`${date}T${hour}:00:00Z`);
  if (span === undefined || Number.isNaN(fromMs)) return true;
  return fromMs < span.toMs && fromMs + hourMs > span.fromMs;
}

async function rowsOf(file: ArrayBuffer): Promise<readonly Row[]> {
  const compressors = {
    ZSTD: (page: Uint8Array, length: number) => zstdDecompress(page, length),
  };
  return parquetReadObjects({ file, compressors });
}

function columnsOf(file: ArrayBuffer): readonly string[] {
  const { schema } = parquetMetadata(file);
  const names: string[] = [];
  let at = 1;
  while (at < schema.length) {
    names.push(schema[at]?.name ?? "");
    at = after(at);
  }
  return names;

  /** The element behind the one at `at` and all that is within it. */
  function after(from: number): number {
    let next = from + 1;
    for (let child = 0; child < (schema[from]?.num_children ?? 0); child += 1) next = after(next);
    return next;
  }
}

function marksOf({ account_id: account, session_id: sessionId, event_at: at }: Row) {
  return { account, sessionId, atMs: at instanceof Date ? at.getTime() : Number.NaN };
}
