// Access tokens of a datafile, from where a secret may be kept: a file, standard
// input or a variable. Messages never repeat them.
import { readFile } from "node:fs/promises";
import * as v from "valibot";
import { accessTokenSchema, maxAccessTokens } from "#src/admin/contract.ts";
import { usageFailure } from "./failure.ts";
import { isSystemError, reasons } from "./input-file.ts";
import type { Session } from "./session.ts";

type Sources = Pick<Session, "env" | "stdin">;
const option = "--access-token";

/**
 * The tokens that `values` name: `@file` and `-` hold one a line, `env:NAME` is a
 * variable, and everything else is the token itself.
 */
export async function readAccessTokens(
  values: readonly string[],
  sources: Sources,
): Promise<readonly string[]> {
  const texts = await Promise.all(values.map((value) => resolve(value, sources)));
  const tokens = [...new Set(texts.flatMap((text) => text.split(/\s+/)).filter(Boolean))];
  if (values.length > 0 && tokens.length === 0) throw usageFailure(`${option} names no token`);
  if (tokens.length > maxAccessTokens) {
    throw usageFailure(`${option}: ${tokens.length} tokens, at most ${maxAccessTokens} are taken`);
  }
  for (const [index, token] of tokens.entries()) {
    const checked = v.safeParse(accessTokenSchema, token);
    if (!checked.success) {
      const which = tokens.length === 1 ? "" : `token ${index + 1} `;
      throw usageFailure(`${option} ${which}${checked.issues[0].message}`);
    }
  }
  return tokens;
}

async function resolve(value: string, { env, stdin }: Sources): Promise<string> {
  if (value === "-") return new TextDecoder().decode(await stdin());
  if (value.startsWith("@")) return readTokenFile(value.slice(1));
  if (!value.startsWith("env:")) return value;
  const text = env[value.slice(4)];
  if (text === undefined) throw usageFailure(`${option}: ${value.slice(4)} is not set`);
  return text;
}

async function readTokenFile(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw isSystemError(error) ? usageFailure(`${option}: ${reasons(error.code)}: ${path}`) : error;
  }
}
