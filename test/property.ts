// fast-check with a fixed seed, so that a red build is red again on the next
// machine. Set FC_SEED to look elsewhere.
import * as fc from "fast-check";

const seed = Number(process.env["FC_SEED"] ?? 20261123);
fc.configureGlobal({ seed, endOnFailure: true });
export { fc };
