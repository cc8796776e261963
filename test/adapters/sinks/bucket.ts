// R2 as Miniflare has it, reached from Node.
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { afterAll, beforeAll } from "vitest";

/** Starts R2 for the tests of a file; returns what empties it and hands it out. */
export function useBucket(): () => Promise<R2Bucket> {
  let miniflare: Miniflare;
  beforeAll(() => {
    const script = "export default {}";
    const options = { modules: true, script, r2Buckets: ["ARCHIVE"] };
    miniflare = new Miniflare(convertV4MiniflareOptions(options));
  });
  afterAll(() => miniflare.dispose());
  return async () => {
    const bucket = (await miniflare.getR2Bucket("ARCHIVE")) as unknown as R2Bucket;
    const { objects } = await bucket.list();
    await bucket.delete(objects.map(({ key }) => key));
    return bucket;
  };
}
