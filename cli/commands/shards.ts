// aviary shards: how many shards of page views each region has.
import { defineAction } from "../action.ts";
import { checkShards } from "../checks.ts";
import { counted, formatTime } from "../format.ts";
import { paint } from "../paint.ts";

export const shards = defineAction({
  description: "Set how many shards of page views each region has",
  args: {
    n: { type: "positional", required: true, description: "How many, 1 to 256" },
  },
  examples: ["aviary shards 8"],
  remarks: [
    "A shard takes 250 beacons a second with room to spare: as many as a region's busiest second has beacons, divided by 250. There are 2 until somebody says otherwise.",
    "Views in flight stay where they are. Another change has to wait two minutes; the same number again changes nothing. `aviary pipeline` shows each shard.",
  ],
  async run({ values, session }) {
    const ring = await session.api.setShards(checkShards("<n>", values.n));
    const count = counted(ring.shards, "shard");
    const title = `${paint("green", "✔")} each region has ${paint("bold", count)}`;
    return { json: ring, text: `${title}\n  ${paint("dim", `since ${formatTime(ring.since)}`)}` };
  },
});
