// The local Worker's secrets, in .dev.vars, where wrangler looks for them too.
import { randomBytes } from "node:crypto";
import { chmod, readFile, writeFile } from "node:fs/promises";

const name = "AVIARY_ADMIN_TOKEN";

/** The admin token in `path`; made, and the file with it, where there is none. Other lines stay. */
export async function ensureAdminToken(path: string): Promise<string> {
  const text = await readFile(path, "utf8").catch(() => "");
  const held = new RegExp(`^${name}\\s*=\\s*"?([^"\\s]+)"?\\s*$`, "m").exec(text)?.[1];
  if (held !== undefined) return held;
  const made = randomBytes(32).toString("base64url");
  const before = text === "" || text.endsWith("\n") ? text : `${text}\n`;
  await writeFile(path, `${before}${name}=${made}\n`, { mode: 0o600 });
  await chmod(path, 0o600);
  return made;
}
