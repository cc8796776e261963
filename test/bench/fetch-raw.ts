// One exchange as it goes over the wire: nothing is decoded.
import { get } from "node:http";
import type { BareAnswer } from "./bare.ts";

/** GETs `url`; the body stays in its content coding. */
export function fetchRaw(
  url: string,
  headers: Readonly<Record<string, string>>,
): Promise<BareAnswer> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const fields = Object.entries(response.headers).map(([name, value]) => [
          name,
          String(value),
        ]);
        resolve({
          status: response.statusCode ?? 0,
          headers: Object.fromEntries(fields) as Record<string, string>,
          body: Buffer.concat(chunks),
        });
      });
    }).on("error", reject);
  });
}
