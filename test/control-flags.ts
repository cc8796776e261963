// Flags through the control API, for tests that want one on.
import { control } from "./isolate.ts";

type Answer = { readonly status: number; readonly body: Record<string, unknown> };

export async function ask(path: string, init: RequestInit = {}): Promise<Answer> {
  const response = await control(path, init);
  return { status: response.status, body: await response.json() };
}

/** Creates a flag; it starts as a draft. */
export async function createFlag(key: string, plan: object): Promise<Answer> {
  return insist(await ask(`/flags/${key}`, { method: "PUT", body: JSON.stringify(plan) }));
}

/** Posts an action against the flag's current revision, and insists. */
export async function move(key: string, action: string, body?: object): Promise<Answer> {
  const current = await ask(`/flags/${key}`);
  const headers = { "if-match": `"${String(current.body["revision"])}"` };
  const init = { method: "POST", headers, ...(body && { body: JSON.stringify(body) }) };
  return insist(await ask(`/flags/${key}/${action}`, init));
}

export const ramp = (key: string, sharePpm: number): Promise<Answer> =>
  move(key, "ramp", { sharePpm });

export async function kill(path = "/kill"): Promise<Answer> {
  return insist(await ask(path, { method: "POST" }));
}

function insist(answer: Answer): Answer {
  if (answer.status >= 400) throw new Error(JSON.stringify(answer));
  return answer;
}
