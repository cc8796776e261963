// What the judge is expected to find, and how soon: harms, and the page views of the
// canary after which nine of ten ramps were taken back when the design was simulated.
import { noHarm, type Harm } from "./simulated-ramp.ts";

export type ExpectedHarm = {
  readonly name: string;
  readonly harm: Harm;
  /** Of the design's own simulation. */
  readonly expectedP90: number;
};

/** Found at the first look, whenever that is. */
export const firstLook = 0;

export const expectedHarms: readonly ExpectedHarm[] = [
  { name: "timings ×1.2", harm: { ...noHarm, download: 1.2, evaluation: 1.2 }, expectedP90: 1_150 },
  { name: "timings ×1.5", harm: { ...noHarm, download: 1.5, evaluation: 1.5 }, expectedP90: 220 },
  { name: "errors 1 → 2 %", harm: { ...noHarm, errors: 2 }, expectedP90: 3_750 },
  { name: "errors 1 → 5 %", harm: { ...noHarm, errors: 5 }, expectedP90: 300 },
  { name: "incomplete 3 → 4.5 %", harm: { ...noHarm, incomplete: 1.5 }, expectedP90: 5_050 },
  { name: "bytes +10 %", harm: { ...noHarm, bytes: 1.1 }, expectedP90: 750 },
  { name: "total breakage", harm: { ...noHarm, errors: 1_000 }, expectedP90: firstLook },
];
