// npm run bench:peers: what a page would load instead of the beacon, from each peer's npm
// package as it is today, bundled as ours is; writes docs/beacon-peers.md.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { brotliLength, rows } from "../size.ts";
import { bundlePeers } from "./peer-bundles.ts";

const spelled = (bytes: number): string => bytes.toLocaleString("en-US");
const ours = [
  `| the beacon's early part, in every snippet | ${spelled(await rows.beaconEarlyBr.measure())} |`,
  `| its collector, in measured page views | ${spelled(await rows.collectorBr.measure())} |`,
];
const bundles = await bundlePeers();
const theirs = bundles.map((one) =>
  "code" in one
    ? `| ${one.name} ${one.version} | ${spelled(brotliLength(one.code))} |`
    : `| ${one.name} | not measured: ${one.problem} |`,
);
console.log(theirs.join("\n"));
const text = `# The beacon beside its peers

Minified by esbuild and compressed by brotli 11, as a page would load them: boomerangjs
with its round-trip plugin alone, Sentry with tracing, web-vitals with attribution, the others as their
\`init\` has it. Written by \`npm run bench:peers\`.

| what | bytes |
| --- | --- |
${[...ours, ...theirs].join("\n")}
`;
await writeFile(join(import.meta.dirname, "..", "..", "docs", "beacon-peers.md"), text);
