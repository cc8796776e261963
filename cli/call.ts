// One request to Aviary, repeated where that is safe, and its answer, checked.
import * as v from "valibot";
import { progressMediaType, tokenExpiresField } from "#src/admin/contract.ts";
import type { Connection } from "./connection.ts";
import { Failure } from "./failure.ts";
import { formatTime } from "./format.ts";
import { networkFailure } from "./network-failure.ts";
import { isRefusal, refusalFrom, type Answer } from "./refusal.ts";
import { withRetries } from "./retry.ts";
import { answerAfterSteps, isSteps } from "./steps.ts";
import { integrityFields, uploadStream } from "./upload-body.ts";

const attemptTimeoutMs = 120_000;

export type Call<T> = {
  readonly method: "GET" | "PUT" | "POST" | "DELETE";
  readonly path: string;
  readonly answer: v.GenericSchema<unknown, T>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** What a progress bar calls the body; absent: none is shown. */
  readonly label?: string;
  /** Local names of the server's fields, for messages. */
  readonly names?: Readonly<Record<string, string>>;
  /** What to do about a refusal, by its name, where this call knows better than its kind. */
  readonly hints?: Readonly<Record<string, string>>;
  /**
   * Asked when a repetition is refused after an earlier answer was lost: gives what
   * the earlier one did, or throws the refusal.
   */
  readonly recover?: (refusal: Failure) => Promise<T>;
  /** True where doing it twice would do it twice: then only what was never sent is repeated. */
  readonly once?: boolean;
};

/** The answer to `call`. Throws a Failure for everything else. */
export async function send<T>(connection: Connection, call: Call<T>): Promise<T> {
  const { origin, retries, signal, note } = connection;
  let maybeDone = false;
  let text: string;
  try {
    text = await withRetries(() => attempt(connection, call), {
      retries,
      signal,
      onRetry: ({ message, details }, delayMs) => {
        maybeDone ||= details.ambiguous === true;
        note(`${message.replace(/\.$/, "")}; trying again in ${(delayMs / 1_000).toFixed(1)} s`);
      },
    });
  } catch (error) {
    const isOver = error instanceof Failure && error.details.problem !== undefined;
    if (!maybeDone || !isOver || call.recover === undefined) throw error;
    return call.recover(error);
  }
  try {
    return v.parse(call.answer, text === "" ? undefined : JSON.parse(text));
  } catch (cause) {
    const hint = "Is AVIARY_URL an Aviary of this version?";
    const message = `${origin}${call.path} answered something unknown`;
    throw new Failure("unexpected", message, { cause, hint });
  }
}

async function attempt<T>(connection: Connection, call: Call<T>): Promise<string> {
  try {
    const answer = await exchange(connection, call);
    warnOfExpiry(connection, answer);
    if (answer.status >= 200 && answer.status < 300) return answer.text;
    throw refusalBy(connection, answer, call);
  } catch (error) {
    connection.signal.throwIfAborted();
    const failure = error instanceof Failure ? error : await lostAnswer(error, connection, call);
    throw call.once && failure.details.ambiguous ? failure.withoutRetry() : failure;
  }
}

const warned = new WeakSet<Connection["note"]>();

/** Once for a command, however many requests it makes. */
function warnOfExpiry({ note }: Connection, { headers }: Answer): void {
  const expiresAt = headers.get(tokenExpiresField);
  if (expiresAt === null || warned.has(note)) return;
  warned.add(note);
  note(`your token expires at ${formatTime(expiresAt)}; have an admin make another`);
}

const borrowedHints = {
  "token-unknown":
    "AVIARY_TOKEN is not set, and AVIARY_ADMIN_TOKEN from ./.dev.vars is another deployment's.",
};

function refusalBy<T>({ origin, isBorrowed }: Connection, answer: Answer, call: Call<T>): Failure {
  const hints = { ...(isBorrowed && borrowedHints), ...call.hints };
  return refusalFrom(answer, origin, { ...call, hints });
}

// A server may refuse before the whole body has come and close; the answer is then
// lost with the connection. An empty body is never accepted, and gets the same refusal.
async function lostAnswer<T>(
  thrown: unknown,
  connection: Connection,
  call: Call<T>,
): Promise<Failure> {
  const failure = networkFailure(thrown, connection.origin);
  if (call.label === undefined || !failure.details.ambiguous) return failure;
  const { body: _body, label: _label, ...probe } = call;
  const answer = await exchange(connection, probe).catch(() => undefined);
  if (answer === undefined || answer.status < 400 || answer.status >= 500) return failure;
  const refusal = refusalBy(connection, answer, call);
  return isRefusal(refusal, "truncated") ? failure : refusal;
}

async function exchange<T>(connection: Connection, call: Call<T>): Promise<Answer> {
  const { origin, token, signal, showUpload } = connection;
  const { method, path, body, label } = call;
  const headers = new Headers(call.headers);
  if (token !== undefined) headers.set("authorization", `Bearer ${token}`);
  const progress = body && label ? showUpload(label, body.byteLength) : undefined;
  if (progress?.wantsSteps) headers.set("accept", `${progressMediaType}, application/json`);
  const init: RequestInit = {
    method,
    headers,
    redirect: "manual",
    signal: AbortSignal.any([signal, AbortSignal.timeout(attemptTimeoutMs)]),
  };
  if (body !== undefined) {
    for (const [name, value] of Object.entries(integrityFields(body))) headers.set(name, value);
    init.body = uploadStream(body, (sent) => progress?.advance(sent));
    init.duplex = "half";
  }
  try {
    const response = await fetch(origin + path, init);
    if (progress !== undefined && isSteps(response)) {
      return await answerAfterSteps(response, progress.step);
    }
    return { status: response.status, headers: response.headers, text: await response.text() };
  } finally {
    progress?.stop();
  }
}
