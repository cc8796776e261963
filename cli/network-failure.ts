// What it means that no answer came: which failures may pass, and which of them
// leave it open whether the server acted.
import { Failure } from "./failure.ts";

/** The request cannot have reached the server. */
const unsent: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "UND_ERR_CONNECT_TIMEOUT",
]);
/** The request may have been carried out, only the answer was lost. */
const lost: ReadonlySet<string> = new Set([
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "UND_ERR_SOCKET",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);

/** `error`, as fetch threw it for a request to `origin`, as a Failure. */
export function networkFailure(error: unknown, origin: string): Failure {
  const code = codeOf(error);
  const reasons = { cause: error, hint: hintFor(code, origin) };
  if (unsent.has(code)) {
    return new Failure("unavailable", `nothing answers at ${origin} (${code})`, {
      ...reasons,
      retry: {},
    });
  }
  if (lost.has(code)) {
    const message = `${origin} broke off before it answered (${code})`;
    return new Failure("unavailable", message, { ...reasons, ambiguous: true, retry: {} });
  }
  return new Failure("unavailable", `${origin} cannot be reached (${code})`, reasons);
}

function codeOf(error: unknown): string {
  if (error instanceof Error && error.name === "TimeoutError") return "ETIMEDOUT";
  const { cause } = error as { cause?: { code?: string; message?: string } };
  return cause?.code ?? cause?.message ?? (error as Error).message;
}

function hintFor(code: string, origin: string): string | undefined {
  if (lost.has(code)) return undefined;
  if (/\/\/(localhost|127\.)/.test(origin)) return "Is it running? `npm start` starts it.";
  return "Check AVIARY_URL and the network.";
}
