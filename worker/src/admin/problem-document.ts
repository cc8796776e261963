// What a refusal says of itself; its type follows from its reason.
import type { Problem } from "./contract.ts";

/** An RFC 9457 problem document without its type. */
export type ProblemDocument = Omit<Problem, "type">;
