// Who is behind a request of the control API.
import type { StoredToken } from "#src/adapters/registry.ts";
import type { Scope } from "./contract.ts";

/** The caller behind a request. */
export type Principal = {
  /** Who it is in the audit log, whatever its name: `token:<id>`, `access:<address>` or `secret:AVIARY_ADMIN_TOKEN`. */
  readonly actor: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** The one account it may touch; null for all. */
  readonly account: string | null;
  /** The pages that may carry its token. */
  readonly origins: readonly string[];
  /** From when on it is refused, ms since the epoch; null for never. */
  readonly expiresAtMs: number | null;
  /** The token that was used, and when it was last; undefined for what is no stored token. */
  readonly token?: Pick<StoredToken, "id" | "lastUsedAtMs">;
};
