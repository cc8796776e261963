// What the OpenAPI document is told of one endpoint of the control API.
import type * as v from "valibot";
import type { Scope } from "./contract.ts";

export type Endpoint = {
  readonly method: "get" | "put" | "post" | "delete";
  /** Path under /api/v1, with OpenAPI parameters. */
  readonly path: string;
  readonly summary: string;
  /** The scope that a token needs; null for none at all. */
  readonly scope: Scope | null;
  readonly query?: v.GenericSchema;
  /** Request header fields, by name. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** The schema of a success; null for one without a body. */
  readonly answer: v.GenericSchema | null;
  /** Statuses of refusals, beside 401, 403 and 429. */
  readonly refusals: readonly number[];
};

type RequestBody = {
  readonly mediaType: string;
  readonly description: string;
  readonly maxBytes: number;
  readonly schema?: v.GenericSchema;
};
