// The control API as an admin's program calls it.
import { control } from "../isolate.ts";

export type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export async function call(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await control(path, init);
  const text = await response.text();
  return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
}

export const put = (path: string, body: unknown, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "PUT", body: JSON.stringify(body), headers });
export const post = (path: string, body: unknown = {}): Promise<Answer> =>
  call(path, { method: "POST", body: JSON.stringify(body) });
export const remove = (path: string, headers: HeadersInit = {}): Promise<Answer> =>
  call(path, { method: "DELETE", headers });

export async function token(
  scopes: readonly string[],
  account?: string,
): Promise<Record<string, string>> {
  const wanted = { name: scopes.join(), scopes, ...(account === undefined ? {} : { account }) };
  const { body } = await post("/tokens", wanted);
  return { authorization: `Bearer ${String(body["token"])}` };
}
